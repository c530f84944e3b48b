import { readFileSync } from "node:fs";
import { readyPod } from "./kube.ts";
import { logFile } from "./lab.ts";

/** A span as doubles/collector.ts prints it. */
export type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: string;
  readonly service: string;
};

/** The spans of a trace that the collector has by now. Envoys send theirs every five seconds. */
export async function spansOf(traceId: string): Promise<Span[]> {
  const { name } = await readyPod("app=otel-collector", "observability");
  const lines = readFileSync(logFile("observability", name, "otel-collector"), "utf8").split("\n");
  return lines.filter((line) => line.includes(traceId)).map((line) => JSON.parse(line) as Span);
}

/** The spans as an indented tree, `service KIND name` a line, siblings in alphabetical order. */
export function treeOf(spans: readonly Span[]): string[] {
  const under = (parent: string, indent: string): string[] =>
    spans
      .filter((span) => span.parentSpanId === parent)
      .map((span) => [`${indent}${span.service} ${span.kind} ${span.name}`, ...under(span.spanId, `${indent}  `)])
      .sort()
      .flat();
  return under("", "");
}
