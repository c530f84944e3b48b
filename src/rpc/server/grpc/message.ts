import { create, type DescMessage, isMessage, type Message } from "@bufbuild/protobuf";

/** What a handler may answer with: a message, or the fields to make one of. */
export type MessageInit = Message | Record<string, unknown>;

/** The message that an initializer stands for; a message stands for itself. */
export function wholeMessage(schema: DescMessage, init: MessageInit): Message {
  return isMessage(init, schema) ? init : create(schema, init as Record<string, unknown>);
}
