import { type Attributes, type Context, context as contexts, type MetricOptions } from "@opentelemetry/api";
import { exemplarStore } from "./exemplars.ts";
import { scopeMeter } from "./scope.ts";

export type Histogram = {
  /**
   * Records a value in the context of the span that it measures, which may have ended. Default: the active context. If that span is sampled,
   * the value may become an exemplar. Attributes should be objects that are made once and shared.
   */
  record(value: number, attributes: Attributes, context?: Context): void;
};

/** A histogram of our scope, with exemplars that lead to traces. Call this after startTelemetry(). */
export function histogram(name: string, options: MetricOptions): Histogram {
  const values = scopeMeter().createHistogram(name, options);
  const exemplars = exemplarStore(name, options.advice?.explicitBucketBoundaries);
  return {
    record(value, attributes, context = contexts.active()) {
      values.record(value, attributes, context);
      exemplars.offer(value, attributes, context);
    },
  };
}
