/** What of a span tells its place; a root's parent is not there, or empty. */
type Placed = { readonly spanId: string; readonly parentSpanId?: string };

/** The spans as an indented tree, a line each, siblings in alphabetical order. */
export function spanTree<Span extends Placed>(spans: readonly Span[], lineOf: (span: Span) => string): string[] {
  const under = (parent: string, indent: string): string[] =>
    spans
      .filter(({ parentSpanId = "" }) => parentSpanId === parent)
      .map((span) => [`${indent}${lineOf(span)}`, ...under(span.spanId, `${indent}  `)])
      .sort()
      .flat();
  return under("", "");
}
