import type { Span } from "../../telemetry/support/otlp.ts";

/** The spans below a parent as an indented tree, in the order of their starts. */
export function treeBelow(parent: string, spans: readonly Span[], lineOf = spanLine, indent = ""): string[] {
  return childrenOf(parent, spans).flatMap((span) => [
    indent + lineOf(span),
    ...treeBelow(span.spanId, spans, lineOf, `${indent}  `),
  ]);
}

const childrenOf = (parent: string, spans: readonly Span[]): Span[] =>
  spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));

/** Service, kind, name, how it ended, and ERROR if that is its status. */
export function spanLine({ resource, kind, name, attributes, status }: Span): string {
  const outcome = attributes["http.response.status_code"] ?? attributes["rpc.status_code"];
  const parts = [resource["service.name"], kind, name, outcome, status.code === "ERROR" ? "ERROR" : undefined];
  return parts.filter((part) => part !== undefined).join(" ");
}
