import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Span,
  type SpanKind,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { isTracingSuppressed } from "@opentelemetry/core";
import { type IdGenerator, type Sampler, SamplingDecision, type SamplingResult } from "@opentelemetry/sdk-trace-node";
import { now } from "./clock.ts";
import { newSpanId, newTraceId } from "./ids.ts";
import { scopeTracer } from "./scope.ts";

/** What all spans of a kind have in common. Make it once and share it. */
export type SpanShape = { readonly name: string; readonly kind: SpanKind; readonly attributes: Attributes };

/** Starts a span of our scope that begins now. */
export type StartSpan = (shape: SpanShape, parent: Context) => Span;

/** Decides about spans before the SDK makes them: those that are not recorded, by default most, then cost no more than their ids. */
export class SpanStarter implements Sampler, IdGenerator {
  readonly #sampler: Sampler;
  /** What was decided about the span that the SDK is making. */
  #decided: SamplingResult | undefined;
  #traceId: string | undefined;

  constructor(sampler: Sampler) {
    this.#sampler = sampler;
  }

  /** Starts a span with the provider that is registered, which must have this as its sampler and its ids. */
  startSpan: StartSpan = ({ name, kind, attributes }, parent) => {
    if (isTracingSuppressed(parent)) return scopeTracer().startSpan(name, {}, parent);
    const above = trace.getSpanContext(parent);
    const continued = above !== undefined && isSpanContextValid(above) ? above : undefined;
    const traceId = continued?.traceId ?? newTraceId();
    const decided = this.#sampler.shouldSample(parent, traceId, name, kind, attributes, []);
    if (decided.decision === SamplingDecision.NOT_RECORD) {
      const traceState = decided.traceState ?? continued?.traceState;
      return trace.wrapSpanContext({ traceId, spanId: newSpanId(), traceFlags: TraceFlags.NONE, traceState });
    }
    this.#decided = decided;
    this.#traceId = traceId;
    try {
      return scopeTracer().startSpan(name, { kind, attributes, startTime: now() }, parent);
    } finally {
      this.#decided = undefined;
      this.#traceId = undefined;
    }
  };

  shouldSample(...about: Parameters<Sampler["shouldSample"]>): SamplingResult {
    return this.#decided ?? this.#sampler.shouldSample(...about);
  }
  toString(): string {
    return this.#sampler.toString();
  }
  generateTraceId = (): string => this.#traceId ?? newTraceId();
  generateSpanId = newSpanId;
}

let current: SpanStarter | undefined;

/** How spans are started with the provider that is registered now. */
export function spanStarter(): StartSpan {
  if (current !== undefined) return current.startSpan;
  const tracer = scopeTracer();
  return ({ name, kind, attributes }, parent) => tracer.startSpan(name, { kind, attributes, startTime: now() }, parent);
}

/** Registers it until the function that it returns is called. */
export function registerSpanStarter(starter: SpanStarter): () => void {
  current = starter;
  return () => {
    if (current === starter) current = undefined;
  };
}
