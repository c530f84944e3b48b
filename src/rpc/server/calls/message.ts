import { create, type DescMessage, isMessage, type Message } from "@bufbuild/protobuf";

/** What a handler may answer with: a message, or the fields of one. */
export type MessageInit = Message | Record<string, unknown>;

/** Makes a message of fields; returns a message as it is. */
export function wholeMessage(schema: DescMessage, init: MessageInit): Message {
  return isMessage(init, schema) ? init : create(schema, init as Record<string, unknown>);
}
