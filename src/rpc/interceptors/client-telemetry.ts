import type { DescMethod } from "@bufbuild/protobuf";
import type { Code, ConnectError, Interceptor } from "@connectrpc/connect";
import { type Attributes, propagation, SpanKind, SpanStatusCode, type TextMapSetter } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  METRIC_RPC_CLIENT_CALL_DURATION,
} from "@opentelemetry/semantic-conventions";
import { now } from "../../telemetry/clock.ts";
import { histogram } from "../../telemetry/histogram.ts";
import { withSpan } from "../../telemetry/span-context.ts";
import { type SpanShape, spanStarter } from "../../telemetry/spans.ts";
import { clientHooks } from "../hooks/hooked.ts";
import { type Outcomes, outcomeOf } from "../outcomes.ts";
import { statusName } from "../status-name.ts";
import { isFaultCode } from "./call-status.ts";
import { DURATION_S } from "./duration.ts";
import { fullName } from "./endpoint.ts";
import { ATTR_PREVIOUS_ATTEMPTS, previousAttempts } from "./previous-attempts.ts";

export type ClientTelemetryOptions = {
  /** Who is called: a URL such as "http://users:8081" or a gRPC target such as "dns:///users:8081". */
  readonly peer: string;
  /** Outcomes that are answers, not failures of the call: a card that is declined. Default: none. */
  readonly outcomes?: Outcomes;
};

/**
 * Makes a CLIENT span and a point of rpc.client.call.duration for each call, unary or stream, by the stable semantic conventions, and passes
 * the trace on in the request's headers. A call with its retries in the channel counts as one. Every code but OK is an error, unless the answer
 * carries an outcome that callers reckon with: the conventions ask to use what is known of a call. Use it after startTelemetry(), as
 * the outermost interceptor.
 */
export function clientTelemetry({ peer, outcomes }: ClientTelemetryOptions): Interceptor {
  const startSpan = spanStarter();
  const duration = histogram(METRIC_RPC_CLIENT_CALL_DURATION, {
    ...DURATION_S,
    description: "Duration of outgoing calls.",
  });
  const server = serverAttributes(peer);
  const methods = new Map<DescMethod, CalledMethod>();
  const calledMethod = (desc: DescMethod): CalledMethod => {
    let method = methods.get(desc);
    if (method === undefined) {
      method = new CalledMethod(desc, server);
      methods.set(desc, method);
    }
    return method;
  };
  return clientHooks({
    start({ method: desc, header }, caller) {
      const method = calledMethod(desc);
      const span = startSpan(method.span, caller);
      const called = withSpan(caller, span);
      propagation.inject(called, header, HEADERS);
      return { method, span, called };
    },
    end(_, { durationMs, error, header }, { method, span, called }) {
      const failed = error !== undefined && !isReckonedWith(error, outcomes);
      if (span.isRecording()) {
        span.setAttributes(method.outcomeOnSpan(error?.code, failed));
        const attempts = previousAttempts(error?.metadata ?? header ?? NO_HEADER);
        if (attempts > 0) span.setAttribute(ATTR_PREVIOUS_ATTEMPTS, attempts);
        if (failed) span.setStatus({ code: SpanStatusCode.ERROR, message: error?.rawMessage ?? "" });
        span.end(now());
      }
      duration.record(durationMs / 1000, method.outcome(error?.code, failed), called);
    },
  });
}

/** Whether an error is an outcome for which nobody is to blame. */
const isReckonedWith = (error: ConnectError, outcomes: Outcomes | undefined): boolean =>
  outcomes !== undefined && !isFaultCode(error.code) && outcomeOf(error, outcomes) !== undefined;

const NO_HEADER = { get: () => undefined };

const HEADERS: TextMapSetter<Headers> = { set: (headers, name, value) => headers.set(name, value) };

class CalledMethod {
  readonly span: SpanShape;
  readonly #base: Attributes;
  readonly #outcomes = {
    failed: new Map<Code | undefined, Attributes>(),
    answered: new Map<Code | undefined, Attributes>(),
  };

  constructor(method: DescMethod, server: Attributes) {
    const name = fullName(method);
    this.#base = { [ATTR_RPC_SYSTEM_NAME]: "grpc", [ATTR_RPC_METHOD]: name, ...server };
    this.span = { name, kind: SpanKind.CLIENT, attributes: this.#base };
  }

  /** Attributes that the end of a call adds to its span. */
  outcomeOnSpan(code: Code | undefined, failed: boolean): Attributes {
    const status = statusName(code);
    return failed ? { [ATTR_RPC_STATUS_CODE]: status, [ATTR_ERROR_TYPE]: status } : { [ATTR_RPC_STATUS_CODE]: status };
  }

  /** Attributes of the metric, made once for each end that calls have. */
  outcome(code: Code | undefined, failed: boolean): Attributes {
    const known = this.#outcomes[failed ? "failed" : "answered"];
    let attributes = known.get(code);
    if (attributes === undefined) {
      attributes = { ...this.#base, ...this.outcomeOnSpan(code, failed) };
      known.set(code, attributes);
    }
    return attributes;
  }
}

/** server.address of a URL or gRPC target, and server.port if it has exactly one. */
export function serverAttributes(peer: string): Attributes {
  if (peer.startsWith("unix:")) return { [ATTR_SERVER_ADDRESS]: peer.replace(/^unix:(\/\/)?/, "") };
  const address = peer.replace(SCHEME, "").replace(/\/$/, "");
  const hostAndPort = /^([^,]+):(\d+)$/.exec(address);
  if (hostAndPort === null) return { [ATTR_SERVER_ADDRESS]: address };
  return { [ATTR_SERVER_ADDRESS]: hostAndPort[1], [ATTR_SERVER_PORT]: Number(hostAndPort[2]) };
}

/** In a target, the resolver's authority may stand between slashes. */
const SCHEME = /^https?:\/\/|^(?:dns|ipv4|ipv6|xds):(?:\/\/[^/]*\/)?/;
