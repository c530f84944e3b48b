import type { ConnectError } from "@connectrpc/connect";
import {
  type Context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from "@opentelemetry/api";
import {
  METRIC_HTTP_SERVER_REQUEST_DURATION,
  METRIC_RPC_SERVER_CALL_DURATION,
} from "@opentelemetry/semantic-conventions";
import { activeRequests } from "../../telemetry/active-requests.ts";
import { now } from "../../telemetry/clock.ts";
import { histogram } from "../../telemetry/histogram.ts";
import { requestMetrics } from "../../telemetry/request-metrics.ts";
import { withSpan } from "../../telemetry/span-context.ts";
import { spanStarter } from "../../telemetry/spans.ts";
import { asOwn, asStranger } from "../../telemetry/strangers.ts";
import { toldErrorOf, toldTextOf } from "../told-text.ts";
import { DURATION_S } from "./duration.ts";
import type { Endpoint } from "./endpoint.ts";
import type { HeaderReader } from "./previous-attempts.ts";
import { type RequestFacts, requestAttributesOf } from "./request-attributes.ts";

/** What strangers may pass on. */
export type Strangers = {
  /** The names of baggage that is kept. */
  readonly baggage: readonly string[];
  /** Whose traces are recorded if they say so, by the headers of a call. Default: nobody's. */
  readonly decides?: ((header: HeaderReader) => boolean) | undefined;
};

export type ServedCallsOptions = {
  /** Names the service's own metrics, such as `<serviceName>.requests.total`. */
  readonly serviceName: string;
  /** Whether answers have a `traceresponse` header with their trace, for clients outside the system. Default: false. */
  readonly traceResponse?: boolean;
  /** Set if callers are strangers: their traces are continued, but not their sampling decision, nor baggage that is not named. Default: trusted. */
  readonly strangers?: Strangers;
  /** Whether a proxy in front says in x-forwarded-for who the client is. Default: false. */
  readonly trustProxy?: boolean;
};

/** A call from its request to its answer. */
export type ServedCall = {
  readonly endpoint: Endpoint;
  readonly span: Span;
  /** With the span. */
  readonly context: Context;
  /** The value of a `traceresponse` header, if answers have one. */
  readonly traceResponse: string | undefined;
};

export type CallOutcome = {
  readonly durationMs: number;
  /** What the client got, unless the call succeeded. */
  readonly error: ConnectError | undefined;
  /** The HTTP status of the answer, or the one that its code maps to. From 500 on, it is the server that failed. */
  readonly httpStatus: number;
};

export type ServedCalls = {
  /** Starts the SERVER span of a call that comes now, in the trace of its headers. Facts are asked for only if it is recorded. */
  start(endpoint: Endpoint, header: HeaderReader, facts: () => RequestFacts): ServedCall;
  /** Ends the span and records the metrics. */
  end(call: ServedCall, outcome: CallOutcome): void;
};

/** Spans and metrics of calls to this server, by the semantic conventions. Make it after startTelemetry(). */
export function servedCalls({
  serviceName,
  traceResponse = false,
  strangers,
  trustProxy = false,
}: ServedCallsOptions): ServedCalls {
  const startSpan = spanStarter();
  const requests = requestMetrics(serviceName);
  const active = activeRequests();
  const rpcDuration = histogram(METRIC_RPC_SERVER_CALL_DURATION, {
    ...DURATION_S,
    description: "Duration of incoming calls.",
  });
  const httpDuration = histogram(METRIC_HTTP_SERVER_REQUEST_DURATION, {
    ...DURATION_S,
    description: "Duration of incoming HTTP requests.",
  });

  return {
    start(endpoint, header, facts) {
      active.begin(endpoint.protocol);
      const extracted = propagation.extract(ROOT_CONTEXT, header, HEADERS);
      const parent =
        strangers === undefined ? extracted : asStranger(extracted, strangers.baggage, strangers.decides?.(header));
      const span = startSpan(endpoint.span, parent);
      if (span.isRecording()) span.setAttributes(requestAttributesOf(header, facts(), trustProxy));
      return {
        endpoint,
        span,
        context: withSpan(asOwn(parent), span),
        traceResponse: traceResponse ? traceResponseOf(span) : undefined,
      };
    },

    end({ endpoint, span, context }, { durationMs, error, httpStatus }) {
      active.end(endpoint.protocol);
      const outcome = endpoint.outcome(error?.code, httpStatus);
      if (span.isRecording()) {
        const end = now();
        span.setAttributes(outcome.span);
        if (httpStatus >= 500) {
          span.setStatus({ code: SpanStatusCode.ERROR, message: error && toldTextOf(error) });
          if (error !== undefined) {
            span.recordException(error.cause instanceof Error ? error.cause : toldErrorOf(error), end);
          }
        }
        span.end(end);
      }
      const duration = endpoint.protocol === "http" ? httpDuration : rpcDuration;
      duration.record(durationMs / 1000, outcome.duration, context);
      requests.record(outcome.request, durationMs, context);
    },
  };
}

const HEADERS: TextMapGetter<HeaderReader> = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: () => [], // asked for by no W3C propagator
};

/** The value of a `traceresponse` header, as in the draft of W3C Trace Context level 2; undefined without telemetry. */
function traceResponseOf(span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!trace.isSpanContextValid(span.spanContext())) return undefined;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
