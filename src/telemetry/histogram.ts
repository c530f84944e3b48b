import { type Attributes, type Context, context as contexts, type MetricOptions } from "@opentelemetry/api";
import { type HistogramOptions, ownInstruments } from "./instruments.ts";
import { scopeMeter } from "./scope.ts";

export type Histogram = {
  /**
   * Records a value in the context of the span that it measures, which may have ended. Default: the active context. If that span is sampled,
   * the value may become an exemplar. Attributes should be objects that are made once, shared, and never changed.
   */
  record(value: number, attributes: Attributes, context?: Context): void;
};

export type Counter = {
  /** Attributes as for a histogram. */
  add(value: number, attributes: Attributes): void;
};

/** A histogram of our scope, with exemplars that lead to traces. Call this after startTelemetry(). */
export function histogram(name: string, options: HistogramOptions): Histogram {
  const record = ownInstruments()?.histogram(name, options);
  if (record === undefined) return scopeMeter().createHistogram(name, options); // of whatever provider there is
  return {
    record: (value, attributes, context = contexts.active()) => record(value, attributes, context),
  };
}

/** A counter of our scope. Call this after startTelemetry(). */
export function counter(name: string, options: MetricOptions): Counter {
  const add = ownInstruments()?.counter(name, options);
  return add === undefined ? scopeMeter().createCounter(name, options) : { add };
}
