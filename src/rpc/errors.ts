import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.js";
import { badRequestOf, type FieldViolation } from "./field-violations.ts";
import { setToldText } from "./told-text.ts";

export type { FieldViolation } from "./field-violations.ts";

/** INVALID_ARGUMENT with a google.rpc.BadRequest; the message names the fields, as many as fit: at most 32. */
export function invalidFields(violations: readonly FieldViolation[], cause?: unknown): ConnectError {
  const { message, detail, told } = badRequestOf(violations);
  const error = new ConnectError(message, Code.InvalidArgument, undefined, [detail], cause);
  setToldText(error, told);
  VIOLATIONS.set(error, violations);
  return error;
}

const VIOLATIONS = new WeakMap<ConnectError, readonly FieldViolation[]>();

/** What invalidFields() was given, or the violations of another error's google.rpc.BadRequest. */
export function violationsOf(error: ConnectError): readonly FieldViolation[] {
  return VIOLATIONS.get(error) ?? error.findDetails(BadRequestSchema).flatMap((d) => d.fieldViolations);
}

/** INTERNAL, which hides the cause from clients. */
export function internalError(cause?: unknown): ConnectError {
  return new ConnectError("internal error", Code.Internal, undefined, undefined, cause);
}
