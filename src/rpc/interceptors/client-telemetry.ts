import type { DescMethod } from "@bufbuild/protobuf";
import type { Code, Interceptor } from "@connectrpc/connect";
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
import { statusName } from "../status-name.ts";
import { DURATION_S } from "./duration.ts";
import { fullName } from "./endpoint.ts";
import { ATTR_PREVIOUS_ATTEMPTS, previousAttempts } from "./previous-attempts.ts";

export type ClientTelemetryOptions = {
  /** Who is called: a URL such as "http://users:8081" or a gRPC target such as "dns:///users:8081". */
  readonly peer: string;
};

/**
 * Makes a CLIENT span and a point of rpc.client.call.duration for each call, unary or stream, by the stable semantic conventions, and passes
 * the trace on in the request's headers. A call with its retries in the channel counts as one. Use it after startTelemetry(), as the
 * outermost interceptor.
 */
export function clientTelemetry({ peer }: ClientTelemetryOptions): Interceptor {
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
      if (span.isRecording()) {
        span.setAttributes(method.outcomeOnSpan(error?.code));
        const attempts = previousAttempts(error?.metadata ?? header ?? NO_HEADER);
        if (attempts > 0) span.setAttribute(ATTR_PREVIOUS_ATTEMPTS, attempts);
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error.rawMessage });
        span.end(now());
      }
      duration.record(durationMs / 1000, method.outcome(error?.code), called);
    },
  });
}

const NO_HEADER = { get: () => undefined };

const HEADERS: TextMapSetter<Headers> = { set: (headers, name, value) => headers.set(name, value) };

class CalledMethod {
  readonly span: SpanShape;
  readonly #base: Attributes;
  readonly #outcomes = new Map<Code | undefined, Attributes>();

  constructor(method: DescMethod, server: Attributes) {
    const name = fullName(method);
    this.#base = { [ATTR_RPC_SYSTEM_NAME]: "grpc", [ATTR_RPC_METHOD]: name, ...server };
    this.span = { name, kind: SpanKind.CLIENT, attributes: this.#base };
  }

  /** Attributes that the end of a call adds to its span. */
  outcomeOnSpan(code: Code | undefined): Attributes {
    const status = statusName(code);
    return code === undefined
      ? { [ATTR_RPC_STATUS_CODE]: status }
      : { [ATTR_RPC_STATUS_CODE]: status, [ATTR_ERROR_TYPE]: status };
  }

  /** Attributes of the metric, made once for each code. */
  outcome(code: Code | undefined): Attributes {
    let attributes = this.#outcomes.get(code);
    if (attributes === undefined) {
      attributes = { ...this.#base, ...this.outcomeOnSpan(code) };
      this.#outcomes.set(code, attributes);
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
