import { type ContextValues, createContextKey, createContextValues } from "@connectrpc/connect";
import { answerHeader } from "../../answer-header.ts";
import { connectionInfo } from "../../connection-info.ts";
import type { PlainCall } from "./plain-call.ts";

/** The call of the request that interceptors see. */
export const plainCall = createContextKey<PlainCall | undefined>(undefined, { description: "plain call" });

/** What the server sets for interceptors; nothing for a request that came by no RPC server. */
export function serverValues(call: PlainCall | undefined): ContextValues {
  const values = createContextValues();
  if (call === undefined) return values;
  const setHeader = (name: string, value: string) => call.setHeader(name, value);
  return values.set(connectionInfo, call.connection).set(answerHeader, setHeader).set(plainCall, call);
}
