// What follows from the spans of a request, and what must hold between spans.
import type { Span } from "../../telemetry/support/otlp.ts";
import type { Kind } from "./kind.ts";
import type { Sent } from "./recorded-shop.ts";
import { outcomeOf, serviceOf } from "./trees.ts";

/** The statuses under which calls are counted, by their codes, as google.rpc.Code maps them, unless the outcome has its own. */
const STATUS: Readonly<Record<string, number>> = {
  OK: 200,
  CANCELLED: 499,
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** The status under which the request of a SERVER span is counted. */
export function countedStatus(span: Span, { kind }: Sent): number {
  const outcome = outcomeOf(span);
  if (typeof outcome === "number") return outcome;
  return (outcome !== "OK" && kind.counted) || (STATUS[outcome ?? ""] ?? 0);
}

const FAULTS = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED"]);

/** A line for each call, in its span, and one for each change of an order, in the span of the call that changed it. */
export function expectedLogs(kind: Kind, root: Span, spans: readonly Span[]): string[] {
  const calls = spans.filter((span) => span.kind === "SERVER" && span !== root);
  const order = [root, ...calls].find((span) => serviceOf(span) === "order-service");
  const lineOf = (span: Span) => {
    const level = FAULTS.has(String(outcomeOf(span))) ? "warn" : "info";
    return `${serviceOf(span)} ${span.spanId} ${level} ${span.name} ${outcomeOf(span)}`;
  };
  return [
    `${serviceOf(root)} ${root.spanId} ${kind.log}`,
    ...calls.map(lineOf),
    ...Array<string>(kind.changes ?? 0).fill(`order-service ${order?.spanId} info order changed`),
  ].sort();
}

/** Processes of one machine have their clocks from the same source, but each reads its start a little late. */
const CLOCKS_NS = 1_000_000n;

/** What is wrong with a span's own times, and with those beside its parent's. */
export function faultsInTime(span: Span, parent: Span | undefined): string[] {
  const line = `${serviceOf(span)} ${span.kind} ${span.name}`;
  const outside = span.events.filter(({ time }) => time < span.start || time > span.end);
  const own = [
    ...(span.end < span.start ? [`${line} ends before it starts`] : []),
    ...outside.map((event) => `${line} has ${event.name} outside of its time`),
  ];
  if (parent === undefined) return own;
  const tolerance = serviceOf(span) === serviceOf(parent) ? 0n : CLOCKS_NS;
  return [
    ...own,
    ...(span.start + tolerance < parent.start ? [`${line} starts before ${parent.name}`] : []),
    ...(span.end > parent.end + tolerance ? [`${line} ends after ${parent.name}`] : []),
  ];
}

/** Of the queries of one call: those of a transaction come between its BEGIN and its COMMIT or ROLLBACK, none before the other has ended. */
export function transactionFaults(queries: readonly Span[]): string[] {
  const faults: string[] = [];
  const inOrder = queries.toSorted((a, b) => Number(a.start - b.start));
  let open: Span | undefined;
  let before: Span | undefined;
  for (const query of inOrder) {
    if (open !== undefined && before !== undefined && query.start < before.end)
      faults.push(`${query.name} begins before ${before.name} ends`);
    if (query.name === "BEGIN") open = query;
    if (/^(COMMIT|ROLLBACK)$/.test(query.name)) {
      if (open === undefined) faults.push(`${query.name} without BEGIN`);
      open = undefined;
    }
    before = query;
  }
  if (open !== undefined) faults.push("BEGIN without an end");
  return faults;
}
