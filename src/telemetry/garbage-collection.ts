import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import type { Attributes, Meter } from "@opentelemetry/api";

const MS_PER_S = 1e3;
/** Of OpenTelemetry's own instrumentation of the runtime; in seconds. */
const DURATION_BUCKETS = [0.01, 0.1, 1, 10];

const typeOf = (type: string): Attributes => ({ "v8js.gc.type": type });
const TYPES = new Map<unknown, Attributes>([
  [constants.NODE_PERFORMANCE_GC_MAJOR, typeOf("major")],
  [constants.NODE_PERFORMANCE_GC_MINOR, typeOf("minor")],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, typeOf("incremental")],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, typeOf("weakcb")],
]);
/** V8 has another kind of minor collection. */
const OTHER = typeOf("minor");

/** Reports how long garbage collections take. Returns a function that stops it. */
export function observeGarbageCollection(meter: Meter): () => void {
  const duration = meter.createHistogram("v8js.gc.duration", {
    unit: "s",
    description: "Duration of garbage collections.",
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      duration.record(entry.duration / MS_PER_S, TYPES.get(kindOf(entry)) ?? OTHER);
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}

const kindOf = ({ detail }: PerformanceEntry & { readonly detail?: unknown }): unknown =>
  (detail as { readonly kind?: unknown } | undefined)?.kind;
