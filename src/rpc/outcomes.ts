// Expected outcomes other than success, as gRPC errors: a reason names one, a table gives its code.
import { type Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { badRequestOf, type FieldViolation } from "./field-violations.ts";
import { setHttpStatus } from "./http-status.ts";
import { setToldText } from "./told-text.ts";

/** How clients see an outcome: its code, and its HTTP status over REST if that is not the usual one of the code. */
export type Outcome = { readonly code: Code; readonly http?: number };

/** The outcomes of a service, or of all services of a system. */
export type Outcomes<Reason extends string = string> = {
  /** The `domain` of their google.rpc.ErrorInfo. */
  readonly domain: string;
  readonly table: Readonly<Record<Reason, Outcome>>;
  /** The error of an outcome. The message is for people; metadata, such as ids, for programs. Both are sent to the client. */
  error(reason: Reason, message: string, metadata?: Record<string, string>, cause?: unknown): ConnectError;
  /** The same, with a google.rpc.BadRequest. The message names its fields, as many as fit. */
  invalidFields(reason: Reason, violations: readonly FieldViolation[]): ConnectError;
};

/** The outcomes of one domain. The table is by reason, as in google.rpc.ErrorInfo: UPPER_SNAKE_CASE. */
export function defineOutcomes<Reason extends string>(
  domain: string,
  table: Readonly<Record<Reason, Outcome>>,
): Outcomes<Reason> {
  function error(reason: Reason, message: string, metadata: Record<string, string> = {}, cause?: unknown) {
    const { code, http } = table[reason];
    const info = { desc: ErrorInfoSchema, value: { reason, domain, metadata } };
    const made = new ConnectError(message, code, undefined, [info], cause);
    if (http !== undefined) setHttpStatus(made, http);
    return made;
  }
  return {
    domain,
    table,
    error,
    invalidFields(reason, violations) {
      const { message, detail, told } = badRequestOf(violations);
      const made = error(reason, message);
      setToldText(made, told);
      made.details.unshift(detail);
      return made;
    },
  };
}

/** The outcomes of several services of one domain. Throws Error if they do not agree on the domain, or on what a reason means. */
export function mergeOutcomes(all: readonly Outcomes[]): Outcomes {
  const domain = all[0]?.domain ?? "";
  const table = new Map<string, Outcome>();
  for (const outcomes of all) {
    if (outcomes.domain !== domain) throw new Error(`outcomes of two domains: ${domain} and ${outcomes.domain}`);
    for (const [reason, outcome] of Object.entries(outcomes.table)) {
      const known = table.get(reason) ?? outcome;
      if (known.code !== outcome.code || known.http !== outcome.http) throw new Error(`${reason} means two things`);
      table.set(reason, outcome);
    }
  }
  return defineOutcomes(domain, Object.fromEntries(table));
}

/** The outcome that an error carries; undefined if it is none of these. */
export function outcomeOf(error: unknown, { domain, table }: Outcomes): Outcome | undefined {
  const reason = reasonOf(error, domain);
  return reason !== undefined && Object.hasOwn(table, reason) ? table[reason] : undefined;
}

/** The reason that an error carries, of the domain if one is given; undefined if there is none. */
export function reasonOf(error: unknown, domain?: string): string | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  return error.findDetails(ErrorInfoSchema).find((info) => domain === undefined || info.domain === domain)?.reason;
}
