import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.js";
import { type FieldViolation, shownViolations } from "./field-violations.ts";

export type { FieldViolation } from "./field-violations.ts";

/** INVALID_ARGUMENT with a google.rpc.BadRequest; the message names the fields, as many as fit: at most 32. */
export function invalidFields(violations: readonly FieldViolation[], cause?: unknown): ConnectError {
  const shown = shownViolations(violations);
  const detail = { desc: BadRequestSchema, value: { fieldViolations: shown.violations } };
  return new ConnectError(shown.message, Code.InvalidArgument, undefined, [detail], cause);
}

/** INTERNAL, with nothing of the cause that a client could see. */
export function internalError(cause?: unknown): ConnectError {
  return new ConnectError("internal error", Code.Internal, undefined, undefined, cause);
}
