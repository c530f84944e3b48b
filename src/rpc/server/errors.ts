import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { internalError } from "../errors.ts";
import type { ReportError } from "./options.ts";

/** The error that a client gets: a ConnectError as it is. Any other is reported to onError and becomes "internal error". */
export function visibleError(reason: unknown, onError: ReportError, method: DescMethod): ConnectError {
  if (reason instanceof ConnectError) return reason;
  onError(reason, method);
  return internalError(reason);
}

/** RESOURCE_EXHAUSTED, when the Budget has no room. */
export const noRoom = (): ConnectError =>
  new ConnectError("the server holds as much as it may for its clients; try again later", Code.ResourceExhausted);

/** DEADLINE_EXCEEDED for a request that its client did not send in time. */
export const requestTooSlow = (): ConnectError =>
  new ConnectError("the request did not arrive in time", Code.DeadlineExceeded);

/** UNAVAILABLE, for calls whose connection the server ends. */
export const connectionClosed = (): ConnectError =>
  new ConnectError("the server has closed the connection", Code.Unavailable);

const TOO_LARGE = new WeakSet<object>();

/** RESOURCE_EXHAUSTED for a request message beyond its limit. */
export function messageTooLarge(bytes: number, maxBytes: number): ConnectError {
  const message = `message size ${bytes} is larger than configured max ${maxBytes}`;
  const error = new ConnectError(message, Code.ResourceExhausted);
  TOO_LARGE.add(error);
  return error;
}

/** Whether messageTooLarge() made it. A subclass could not tell, since `instanceof` is true for any ConnectError. */
export const isMessageTooLarge = (error: unknown): boolean =>
  typeof error === "object" && error !== null && TOO_LARGE.has(error);
