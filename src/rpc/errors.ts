import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.js";
import { type FieldViolation, shownViolations } from "./field-violations.ts";

export type { FieldViolation } from "./field-violations.ts";

/** INVALID_ARGUMENT with a google.rpc.BadRequest; the message names the fields, as many as fit. */
export function invalidFields(violations: readonly FieldViolation[]): ConnectError {
  const shown = shownViolations(violations);
  const error = new ConnectError(shown.message, Code.InvalidArgument);
  error.details.push({ desc: BadRequestSchema, value: { fieldViolations: shown.violations } });
  return error;
}
