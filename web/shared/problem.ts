// What went wrong with a call, in a form that a page can show.
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";

export type Problem = {
  readonly code: Code;
  /** As in google.rpc.ErrorInfo, such as "CARD_DECLINED"; undefined: the error names none. */
  readonly reason: string | undefined;
  /** What the server said. */
  readonly message: string;
  /** What is wrong with fields of the request, by their paths, such as "items[0].quantity". */
  readonly fields: ReadonlyMap<string, string>;
  /** As in google.rpc.ErrorInfo, such as order_id. */
  readonly metadata: Readonly<Record<string, string>>;
};

export function problemOf(reason: unknown): Problem {
  const error = ConnectError.from(reason);
  const [info] = error.findDetails(ErrorInfoSchema);
  const violations = error.findDetails(BadRequestSchema).flatMap((request) => request.fieldViolations);
  return {
    code: error.code,
    reason: info?.reason,
    message: error.rawMessage,
    fields: new Map(violations.map(({ field, description }) => [field, description])),
    metadata: info?.metadata ?? {},
  };
}

/** Answers that say that a request was understood and refused. After any other error nobody knows whether it was carried out. */
const REFUSALS: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.FailedPrecondition,
  Code.AlreadyExists,
  Code.NotFound,
  Code.OutOfRange,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.ResourceExhausted,
  Code.Unimplemented,
]);

/** Whether the request may have been carried out all the same. */
export const isInDoubt = ({ code }: Problem): boolean => !REFUSALS.has(code);
