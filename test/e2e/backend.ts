// The query API of the telemetry backend, as much of it as tests ask.
import { spanTree } from "../support/span-tree.ts";

export type Span = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: string;
  attributes: Record<string, unknown>;
};

export type Log = { traceId: string; spanId: string; body: string; resourceName: string };

export type Backend = {
  /** The spans of the traces that match, an array a trace. */
  traces(query: string): Promise<Span[][]>;
  logs(query: string): Promise<Log[]>;
  metricNames(): Promise<string[]>;
  /** The latest points of a histogram's series. */
  histogram(name: string): Promise<HistogramPoint[]>;
};

export type HistogramPoint = { readonly count: number; readonly bucketCounts: readonly number[] };

/** Asks the backend at url. */
export function createBackend(url: string): Backend {
  async function ask<T>(path: string, body?: unknown): Promise<T> {
    const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(url + path, body === undefined ? {} : post);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
  return {
    traces: async (query) => {
      const { traces } = await ask<{ traces: { spans: Span[] }[] }>("/api/query/traces", { query });
      return traces.map((trace) => trace.spans);
    },
    logs: async (query) => (await ask<{ logs: Log[] }>("/api/query/logs", { query })).logs,
    metricNames: async () =>
      (await ask<{ metrics: { name: string }[] }>("/api/metrics")).metrics.map(({ name }) => name),
    histogram: async (name) => {
      const { series } = await ask<{ series: { points: HistogramPoint[] }[] }>("/api/query/metrics", { name });
      return series.flatMap(({ points }) => points.slice(-1));
    },
  };
}

/** The spans as an indented tree of `service KIND name`. */
export function treeOf(spans: readonly Span[]): string[] {
  return spanTree(spans, ({ attributes, kind, name }) => `${attributes["service.name"]} ${kind} ${name}`);
}
