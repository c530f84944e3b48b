import { isDeepStrictEqual } from "node:util";
import type { LogRecord, Point, Span } from "../../telemetry/support/otlp.ts";
import type { OtlpBackend } from "../../telemetry/support/otlp-backend.ts";
import type { Sent } from "./recorded-shop.ts";
import { serviceOf } from "./trees.ts";

/** All that was recorded, as the tests ask for it. */
export type Evidence = ReturnType<typeof gather>;

export function gather(
  backend: Pick<OtlpBackend, "spans" | "logs" | "points" | "bodies">,
  sent: readonly Sent[],
  console: readonly string[],
) {
  const spansOf = Map.groupBy(backend.spans, ({ traceId }) => traceId);
  const logsOf = Map.groupBy(backend.logs, ({ traceId }) => traceId);
  const sentOf = new Map(sent.map((request) => [request.traceId, request]));
  const spanOf = new Map(backend.spans.map((span) => [span.spanId, span]));
  const points = lastPoints(backend.points);
  return {
    ...{
      sent,
      console,
      points,
      bodies: backend.bodies,
      spans: backend.spans,
      logs: backend.logs,
      allPoints: backend.points,
    },
    spansOf: (traceId: string): readonly Span[] => spansOf.get(traceId) ?? [],
    logsOf: (traceId: string): readonly LogRecord[] => logsOf.get(traceId) ?? [],
    /** The request that began a trace. */
    sentOf: (traceId: string): Sent | undefined => sentOf.get(traceId),
    spanOf: (spanId: string): Span | undefined => spanOf.get(spanId),
    /** The first span of a request. */
    rootOf: ({ traceId, parentId }: Sent): Span | undefined =>
      spansOf.get(traceId)?.find(({ parentSpanId }) => parentSpanId === parentId),
  };
}

/** Counters and histograms are cumulative: the last point of each series has all that was counted. */
function lastPoints(points: readonly Point[]): Point[] {
  const last = new Map<string, Point>();
  for (const point of points) {
    const { metric, attributes, resource } = point;
    const series = JSON.stringify([metric, resource["service.instance.id"], Object.entries(attributes).sort()]);
    const known = last.get(series);
    if (known === undefined || point.time >= known.time) last.set(series, point);
  }
  return [...last.values()];
}

/** How many there are of each line, sorted. */
export function tally(lines: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of [...lines].sort()) counts[line] = (counts[line] ?? 0) + 1;
  return counts;
}

/** What two tallies disagree about. */
export function disagreements(actual: Record<string, number>, expected: Record<string, number>): string[] {
  if (isDeepStrictEqual(actual, expected)) return [];
  return Object.keys({ ...actual, ...expected })
    .filter((line) => actual[line] !== expected[line])
    .map((line) => `${line}: ${actual[line] ?? 0}, not ${expected[line] ?? 0}`);
}

/** The counts of a metric's series: of counters their values, of histograms how many values they have. */
export function countsOf(points: readonly Point[], metric: string, keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const point of points.filter((candidate) => candidate.metric === metric)) {
    const line = [serviceOf(point), ...keys.map((key) => point.attributes[key] ?? "-")].join(" ");
    counts[line] = (counts[line] ?? 0) + (point.count || point.value);
  }
  return counts;
}
