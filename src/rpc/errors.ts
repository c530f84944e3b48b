import { Code, ConnectError } from "@connectrpc/connect";
import { badRequestOf, type FieldViolation } from "./field-violations.ts";

export type { FieldViolation } from "./field-violations.ts";

/** INVALID_ARGUMENT with a google.rpc.BadRequest; the message names the fields, as many as fit: at most 32. */
export function invalidFields(violations: readonly FieldViolation[], cause?: unknown): ConnectError {
  const { message, detail } = badRequestOf(violations);
  return new ConnectError(message, Code.InvalidArgument, undefined, [detail], cause);
}

/** INTERNAL, which hides the cause from clients. */
export function internalError(cause?: unknown): ConnectError {
  return new ConnectError("internal error", Code.Internal, undefined, undefined, cause);
}
