// Callers from outside the system may say which trace a request belongs to, and nothing else about tracing.
import {
  type Baggage,
  type BaggageEntry,
  type Context,
  createContextKey,
  propagation,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace-node";
import { newTraceId } from "./ids.ts";

const STRANGER = createContextKey("the parent is a stranger's");
const MAX_VALUE_CHARS = 64;

/**
 * Takes the context that was extracted from a stranger's request and keeps only the ids of trace and span, and the named baggage if its
 * values are short. The stranger's tracestate is dropped, and its sampling decision unless it `decides` that;
 * decidingForStrangers() makes a decision of our own then.
 */
export function asStranger(extracted: Context, baggage: readonly string[], decides = false): Context {
  const kept = withBaggage(extracted, baggage);
  const parent = trace.getSpanContext(extracted);
  if (parent === undefined) return kept;
  const { traceId, spanId, traceFlags } = parent;
  if (decides) return trace.setSpanContext(kept, { traceId, spanId, traceFlags, isRemote: true });
  const unsampled = { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
  return trace.setSpanContext(kept, unsampled).setValue(STRANGER, true);
}

/** The context for work within a span that was started from asStranger(): its children are ours, not a stranger's. */
export function asOwn(context: Context): Context {
  return context.getValue(STRANGER) === undefined ? context : context.deleteValue(STRANGER);
}

function withBaggage(context: Context, names: readonly string[]): Context {
  const all = propagation.getBaggage(context);
  if (all === undefined) return context;
  const kept = names.flatMap((name) => entryOf(all, name));
  return kept.length === 0
    ? propagation.deleteBaggage(context)
    : propagation.setBaggage(context, propagation.createBaggage(Object.fromEntries(kept)));
}

function entryOf(baggage: Baggage, name: string): [string, BaggageEntry][] {
  const value = baggage.getEntry(name)?.value;
  return value === undefined || value.length > MAX_VALUE_CHARS ? [] : [[name, { value }]];
}

/**
 * Samples a span with a stranger's parent like the root of a new trace, and by a random trace id: a stranger could choose one that is
 * always sampled.
 */
export function decidingForStrangers(sampler: Sampler): Sampler {
  return {
    shouldSample(context, traceId, ...rest): SamplingResult {
      if (context.getValue(STRANGER) !== true) return sampler.shouldSample(context, traceId, ...rest);
      return sampler.shouldSample(trace.deleteSpan(context), newTraceId(), ...rest);
    },
    toString: () => `DecidingForStrangers{${sampler.toString()}}`,
  };
}
