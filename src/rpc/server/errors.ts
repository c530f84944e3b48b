import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { internalError } from "../errors.ts";
import type { ReportError } from "./options.ts";

/** What a client gets to see of an error: a ConnectError as it is; of all others, which onError is told of, only that there was one. */
export function visibleError(reason: unknown, onError: ReportError, method: DescMethod): ConnectError {
  if (reason instanceof ConnectError) return reason;
  onError(reason, method);
  return internalError(reason);
}

/** The Budget has no room: RESOURCE_EXHAUSTED. */
export const noRoom = (): ConnectError =>
  new ConnectError("the server holds as much as it may for its clients; try again later", Code.ResourceExhausted);

/** DEADLINE_EXCEEDED for a request that its client did not finish in time. */
export const requestTooSlow = (): ConnectError =>
  new ConnectError("the request did not arrive in time", Code.DeadlineExceeded);

const TOO_LARGE = new WeakSet<object>();

/** RESOURCE_EXHAUSTED for a request message beyond its limit. */
export function messageTooLarge(bytes: number, maxBytes: number): ConnectError {
  const message = `message size ${bytes} is larger than configured max ${maxBytes}`;
  const error = new ConnectError(message, Code.ResourceExhausted);
  TOO_LARGE.add(error);
  return error;
}

/** Whether messageTooLarge() made it. A class would not tell: `instanceof` takes any ConnectError for one of a subclass. */
export const isMessageTooLarge = (error: unknown): boolean =>
  typeof error === "object" && error !== null && TOO_LARGE.has(error);
