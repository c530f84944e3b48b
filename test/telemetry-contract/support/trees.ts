import type { Span } from "../../telemetry/support/otlp.ts";

/** Service, kind, name, how it ended, and ERROR if that is its status. */
export function spanLine(span: Span): string {
  const { kind, name, status } = span;
  const parts = [serviceOf(span), kind, name, outcomeOf(span), status.code === "ERROR" ? "ERROR" : undefined];
  return parts.filter((part) => part !== undefined).join(" ");
}

export const serviceOf = ({ resource }: Pick<Span, "resource">): string => String(resource["service.name"]);

/** The status or code with which a call ended; undefined for queries. */
export const outcomeOf = ({ attributes }: Span): string | number | undefined =>
  (attributes["http.response.status_code"] ?? attributes["rpc.status_code"]) as string | number | undefined;

/** The spans below a parent as an indented tree, in the order of their starts. */
export function treeBelow(parent: string, spans: readonly Span[], indent = ""): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
    .flatMap((span) => [indent + spanLine(span), ...treeBelow(span.spanId, spans, `${indent}  `)]);
}

/** The tree as the table has it: a line that is left to chance is as in the table, and need not be there. */
export function asExpected(actual: readonly string[], expected: readonly string[]): readonly string[] {
  const chances = expected.filter((line) => line.endsWith(" ?"));
  const certain = (line: string) => !chances.some((chance) => `${line} `.startsWith(chance.slice(0, -1)));
  return chances.length === 0 ? actual : [...actual.filter(certain), ...chances];
}
