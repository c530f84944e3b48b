import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import {
  type Context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
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
import { requestMetrics } from "../../telemetry/request-metrics.ts";
import { scopeMeter, scopeTracer } from "../../telemetry/scope.ts";
import { asOwn, asStranger } from "../../telemetry/strangers.ts";
import { httpStatusOf } from "../http-status.ts";
import type { AnyRequest } from "../interceptor-types.ts";
import { isServerFault } from "./call-status.ts";
import { DURATION_S } from "./duration.ts";
import { Endpoint, isProbe, type RpcSystem } from "./endpoint.ts";
import { type HttpCall, httpCall } from "./http-call.ts";
import { type CallEnd, observe, outcomeAtServer } from "./observe.ts";

export type ServerTelemetryOptions = {
  /** Names the service's own metrics, such as `<serviceName>.requests.total`. */
  readonly serviceName: string;
  /** Whether answers have a `traceresponse` header with their trace, for clients outside the system. Default: false. */
  readonly traceResponse?: boolean;
  /** Set if callers are strangers: their traces are continued, but not their sampling decision, nor baggage that is not named. Default: trusted. */
  readonly strangers?: Strangers;
};

/** What strangers may pass on. */
export type Strangers = {
  /** The names of baggage that is kept. */
  readonly baggage: readonly string[];
};

/**
 * Makes a SERVER span and a point of rpc.server.call.duration for each call, unary or stream, by the stable semantic conventions; for calls
 * over REST also a point of http.server.request.duration. Continues the trace of the request's headers; health checks and reflection have
 * a span only if there is one. The handler, and the generator of a response stream, run with the span active. Use it after startTelemetry(),
 * as the outermost interceptor.
 */
export function serverTelemetry({
  serviceName,
  traceResponse = false,
  strangers,
}: ServerTelemetryOptions): Interceptor {
  const tracer = scopeTracer();
  const record = recorder(serviceName);
  const endpointOf = endpoints();

  function startCall(req: AnyRequest): ServedCall {
    const system = systemOf(req);
    const http = system === "grpc" ? undefined : req.contextValues.get(httpCall);
    const endpoint = endpointOf(req.method, system, http);
    const extracted = propagation.extract(ROOT_CONTEXT, req.header, HEADERS);
    const parent = strangers === undefined ? extracted : asStranger(extracted, strangers.baggage);
    if (parent === ROOT_CONTEXT && isProbe(req.service)) {
      return { endpoint, http, span: trace.wrapSpanContext(INVALID_SPAN_CONTEXT), context: parent };
    }
    const span = tracer.startSpan(endpoint.spanName, endpoint.spanOptions(http), parent);
    return { endpoint, http, span, context: trace.setSpan(asOwn(parent), span) };
  }

  return (next) => async (req) => {
    const call = startCall(req);
    const onEnd: CallEnd = (durationMs, error) => record(call, durationMs, outcomeAtServer(req, durationMs, error));
    if (!traceResponse || !isSpanContextValid(call.span.spanContext())) return observe(next, req, onEnd, call.context);
    try {
      const res = await observe(next, req, onEnd, call.context);
      res.header.set("traceresponse", traceResponseOf(call.span));
      return res;
    } catch (error) {
      if (error instanceof ConnectError) error.metadata.set("traceresponse", traceResponseOf(call.span));
      throw error;
    }
  };
}

type ServedCall = {
  readonly endpoint: Endpoint;
  readonly http: HttpCall | undefined;
  readonly span: Span;
  /** With the span. */
  readonly context: Context;
};

const HEADERS: TextMapGetter<Headers> = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: (headers) => [...headers.keys()],
};

function systemOf(req: AnyRequest): RpcSystem {
  return req.header.get("content-type")?.startsWith("application/grpc") === true ? "grpc" : "connectrpc";
}

/** Makes each Endpoint once. Their number is bounded by methods, systems and routes. */
function endpoints() {
  const known = new Map<DescMethod, Map<string, Endpoint>>();
  return (method: DescMethod, system: RpcSystem, http: HttpCall | undefined): Endpoint => {
    let ofMethod = known.get(method);
    if (ofMethod === undefined) {
      ofMethod = new Map();
      known.set(method, ofMethod);
    }
    const key = http === undefined ? system : `${http.method} ${http.route} ${http.scheme} ${http.httpVersion}`;
    let endpoint = ofMethod.get(key);
    if (endpoint === undefined) {
      endpoint = new Endpoint(method, http === undefined ? system : "rest", http);
      ofMethod.set(key, endpoint);
    }
    return endpoint;
  };
}

/** Returns a function that ends the span of a call and records its metrics. */
function recorder(serviceName: string) {
  const meter = scopeMeter();
  const requests = requestMetrics(serviceName);
  const rpcDuration = meter.createHistogram(METRIC_RPC_SERVER_CALL_DURATION, {
    ...DURATION_S,
    description: "Duration of incoming calls.",
  });
  const httpDuration = meter.createHistogram(METRIC_HTTP_SERVER_REQUEST_DURATION, {
    ...DURATION_S,
    description: "Duration of incoming HTTP requests.",
  });
  return ({ endpoint, http, span, context }: ServedCall, durationMs: number, error: ConnectError | undefined) => {
    const outcome = endpoint.outcome(error?.code, httpStatus(http, error));
    if (span.isRecording()) {
      span.setAttributes(outcome.span);
      if (error !== undefined && isServerFault(error.code)) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.rawMessage });
        span.recordException(error.cause instanceof Error ? error.cause : error);
      }
      span.end();
    }
    rpcDuration.record(durationMs / 1000, outcome.rpc, context);
    if (outcome.http !== undefined) httpDuration.record(durationMs / 1000, outcome.http, context);
    requests.record(outcome.request, durationMs, context);
  };
}

/** The status of a REST answer, or the one that the code maps to. */
function httpStatus(http: HttpCall | undefined, error: ConnectError | undefined): number {
  if (http !== undefined) return http.status(error);
  return error === undefined ? 200 : httpStatusOf(error);
}

/** The value of a `traceresponse` header, as in the draft of W3C Trace Context level 2. */
function traceResponseOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
