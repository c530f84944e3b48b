import { type Context, type HrTime, TraceFlags, trace } from "@opentelemetry/api";
import { now } from "./clock.ts";

/** A value of a histogram, and the span that it measures. */
export type Exemplar = {
  readonly value: number;
  readonly time: HrTime;
  readonly traceId: string;
  readonly spanId: string;
};

/** The value as an exemplar, if the span of the context is sampled. */
export function exemplarOf(value: number, context: Context): Exemplar | undefined {
  const span = trace.getSpanContext(context);
  if (span === undefined || (span.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return { value, time: now(), traceId: span.traceId, spanId: span.spanId };
}
