// The one place where outcomes of the domain become RPC errors: a reason names the outcome, this table gives its gRPC code, and its
// HTTP status where that differs from the code's usual one.
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { type FieldViolation, shownViolations } from "./field-violations.ts";

export type { FieldViolation } from "./field-violations.ts";

/** The `domain` of every google.rpc.ErrorInfo that this system makes. */
export const ERROR_DOMAIN = "shop.tracemesh";

type Outcome = { readonly code: Code; readonly http?: number };

const OUTCOMES = {
  USER_NOT_FOUND: { code: Code.NotFound },
  USER_UNKNOWN: { code: Code.FailedPrecondition },
  EMAIL_TAKEN: { code: Code.AlreadyExists },
  ORDER_NOT_FOUND: { code: Code.NotFound },
  ORDER_TOTAL_OUT_OF_RANGE: { code: Code.InvalidArgument },
  ORDER_NOT_CANCELLABLE: { code: Code.FailedPrecondition },
  PAYMENT_NOT_FOUND: { code: Code.NotFound },
  PAYMENT_REFUNDED: { code: Code.FailedPrecondition, http: 409 },
  CARD_DECLINED: { code: Code.FailedPrecondition, http: 402 },
  INSUFFICIENT_FUNDS: { code: Code.FailedPrecondition, http: 402 },
  IDEMPOTENCY_KEY_REUSED: { code: Code.AlreadyExists },
  INVALID_PAGE_TOKEN: { code: Code.InvalidArgument },
  DEPENDENCY_UNAVAILABLE: { code: Code.Unavailable },
} as const satisfies Record<string, Outcome>;

/** Why a call had an expected outcome other than success; the `reason` of its google.rpc.ErrorInfo. */
export type Reason = keyof typeof OUTCOMES;

/** The error of an expected outcome. The message is for people; metadata, such as ids, for programs. Both are sent to the client. */
export function outcomeError(
  reason: Reason,
  message: string,
  metadata: Record<string, string> = {},
  cause?: unknown,
): ConnectError {
  const info = { desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN, metadata } };
  return new ConnectError(message, OUTCOMES[reason].code, undefined, [info], cause);
}

/**
 * INVALID_ARGUMENT with a google.rpc.BadRequest; the message names the fields, as many as fit. With a reason it is an outcome of the domain, which
 * callers relay; without one it is the caller's fault.
 */
export function invalidFields(violations: readonly FieldViolation[], reason?: Reason): ConnectError {
  const shown = shownViolations(violations);
  const error = new ConnectError(shown.message, Code.InvalidArgument);
  error.details.push({ desc: BadRequestSchema, value: { fieldViolations: shown.violations } });
  if (reason !== undefined) error.details.push({ desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN } });
  return error;
}

/** The reason that an error carries, or undefined if it is no outcome of this system's domain. */
export function reasonOf(error: unknown): Reason | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const info = error.findDetails(ErrorInfoSchema).find((i) => i.domain === ERROR_DOMAIN);
  return info !== undefined && Object.hasOwn(OUTCOMES, info.reason) ? (info.reason as Reason) : undefined;
}

/** The HTTP status of a REST answer, by the mapping of google.rpc.Code unless the reason says otherwise. */
export function httpStatusOf(error: ConnectError): number {
  const reason = reasonOf(error);
  const outcome: Outcome | undefined = reason && OUTCOMES[reason];
  return outcome?.http ?? HTTP_STATUS[error.code];
}

const HTTP_STATUS: Record<Code, number> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};
