import type { Attributes, Context, MetricOptions } from "@opentelemetry/api";
import { scopeMeter } from "./scope.ts";

export type Histogram = {
  /** Records a value in the context of the span that it measures, which may have ended. Default: the active context. */
  record(value: number, attributes: Attributes, context?: Context): void;
};

/** A histogram of our scope. Call this after startTelemetry(). */
export function histogram(name: string, options: MetricOptions): Histogram {
  return scopeMeter().createHistogram(name, options);
}
