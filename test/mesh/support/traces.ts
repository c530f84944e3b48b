import { readFileSync } from "node:fs";
import { spanTree } from "../../support/span-tree.ts";
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

/** The spans as an indented tree, `service KIND name` a line. */
export const treeOf = (spans: readonly Span[]): string[] =>
  spanTree(spans, ({ service, kind, name }) => `${service} ${kind} ${name}`);
