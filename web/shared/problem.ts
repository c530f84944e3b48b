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

/** Codes of failures that somebody has to look into, as the services have it: what a caller may reckon with is none. */
const FAILURES: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

export const isFailure = ({ code }: Pick<Problem, "code">): boolean => FAILURES.has(code);

/** Codes of a request that was looked at and refused for what it asks. All others may come from before or after it was carried out. */
const SETTLED: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.FailedPrecondition,
  Code.AlreadyExists,
  Code.OutOfRange,
]);

/** Whether a request was not carried out, and would not be if it was made again: now, nor by an earlier try with the same key. */
export const isSettled = ({ code }: Pick<Problem, "code">): boolean => SETTLED.has(code);
