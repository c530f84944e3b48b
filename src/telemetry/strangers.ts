// What callers outside of the system may say about traces: which one a request belongs to, and nothing else.
import {
  type Baggage,
  type BaggageEntry,
  type Context,
  createContextKey,
  propagation,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { RandomIdGenerator, type Sampler, type SamplingResult } from "@opentelemetry/sdk-trace-node";

const STRANGER = createContextKey("the parent is a stranger's");
const MAX_VALUE_CHARS = 64;

/**
 * The context of a stranger's request, as it was extracted from its headers: keeps the ids of trace and span, but neither its decision on
 * sampling nor its tracestate, and of the baggage what is named, if short. Sampling then decides anew: see decidingForStrangers().
 */
export function asStranger(extracted: Context, baggage: readonly string[]): Context {
  const kept = withBaggage(extracted, baggage);
  const parent = trace.getSpanContext(extracted);
  if (parent === undefined) return kept;
  const { traceId, spanId } = parent;
  const unsampled = { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
  return trace.setSpanContext(kept, unsampled).setValue(STRANGER, true);
}

/** The context for what is done within the span that was started from asStranger(). */
export function asOwn(context: Context): Context {
  return context.deleteValue(STRANGER);
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
 * Decides on a span whose parent is a stranger's as on that of a new trace. It does so by another trace id, since a stranger could choose
 * one that a ratio always takes.
 */
export function decidingForStrangers(sampler: Sampler): Sampler {
  const { generateTraceId } = new RandomIdGenerator();
  return {
    shouldSample(context, traceId, ...rest): SamplingResult {
      if (context.getValue(STRANGER) !== true) return sampler.shouldSample(context, traceId, ...rest);
      return sampler.shouldSample(trace.deleteSpan(context), generateTraceId(), ...rest);
    },
    toString: () => `DecidingForStrangers{${sampler.toString()}}`,
  };
}
