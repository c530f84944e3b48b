// Work that continues what another trace began: a link says which, in the form in which a database can keep it.
import {
  type Attributes,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { now } from "./clock.ts";
import { scopeTracer } from "./scope.ts";

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The active span in the form of a W3C `traceparent` header, also if it is not sampled; undefined if there is none. */
export function currentTraceparent(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags & TraceFlags.SAMPLED ? "01" : "00";
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}

/** Adds a link from the active span to that of a traceparent. Does nothing if either is missing. */
export function linkTo(traceparent: string | undefined): void {
  const linked = spanContextOf(traceparent);
  if (linked !== undefined) trace.getActiveSpan()?.addLink({ context: linked });
}

export type LinkedTrace = {
  readonly attributes: Attributes;
  /** Of the span that began the work. The new trace is sampled if that one was. */
  readonly traceparent: string | undefined;
};

/**
 * Runs the function in a new trace, whose root span has this name and a link to what began the work. The span has an error if the function
 * rejects, or calls `fail` with one.
 */
export async function inLinkedTrace<T>(
  name: string,
  { attributes, traceparent }: LinkedTrace,
  act: (fail: (error: unknown) => void) => Promise<T>,
): Promise<T> {
  const linked = spanContextOf(traceparent);
  const links = linked === undefined ? [] : [{ context: linked }];
  const span = scopeTracer().startSpan(name, { root: true, links, attributes, startTime: now() });
  const fail = (error: unknown) => {
    const exception = error instanceof Error ? error : new Error(String(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
    span.recordException(exception, now());
  };
  try {
    return await context.with(trace.setSpan(ROOT_CONTEXT, span), () => act(fail));
  } catch (error) {
    fail(error);
    throw error;
  } finally {
    span.end(now());
  }
}

function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}
