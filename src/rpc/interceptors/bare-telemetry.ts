import { context } from "@opentelemetry/api";
import { ATTR_HTTP_REQUEST_METHOD_ORIGINAL, ATTR_RPC_METHOD_ORIGINAL } from "@opentelemetry/semantic-conventions";
import type { Logger } from "winston";
import { cutText } from "../../telemetry/redaction.ts";
import type { BareRequest, ObserveBareRequest } from "../bare-requests.ts";
import { type Endpoint, httpEndpoint, OTHER, rpcEndpoint } from "./endpoint.ts";
import { lineOfBareRequest } from "./logging.ts";
import type { HeaderReader } from "./previous-attempts.ts";
import { type ServedCallsOptions, servedCalls } from "./served-calls.ts";

export type BareTelemetryOptions = ServedCallsOptions & { readonly logger: Logger };

/** Others are OTHER, by the semantic conventions, since clients may invent any number. */
const HTTP_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"]);

/**
 * Makes for requests that no interceptor sees what serverTelemetry() and logging() make for calls: a SERVER span, a point of each metric, and
 * a log line, at debug unless the server failed. All paths that nothing serves are one endpoint. Make it after startTelemetry().
 */
export function bareTelemetry({ logger, ...options }: BareTelemetryOptions): ObserveBareRequest {
  const calls = servedCalls(options);
  const endpointOf = endpoints();
  return (request) => {
    const { headers, connection, path } = request;
    const startedAt = performance.now();
    const header = { get: (name: string) => first(headers[name]) } satisfies HeaderReader;
    const authority = first(headers[":authority"]) ?? first(headers.host) ?? "";
    const endpoint = endpointOf(request);
    const urlPath = request.isGrpc || path === "" ? undefined : path;
    const call = calls.start(endpoint, header, () => ({ authority, connection, path: urlPath }));
    if (call.span.isRecording()) call.span.setAttributes(originals(request));
    return {
      traceResponse: call.traceResponse,
      end(httpStatus, error) {
        const durationMs = performance.now() - startedAt;
        const level = httpStatus >= 500 ? "warn" : "debug"; // strangers can make any number of them, each without a call
        if (logger.isLevelEnabled(level)) {
          const peer = header.get("user-agent");
          const line = {
            endpoint: endpoint.spanName,
            isGrpc: request.isGrpc,
            status: httpStatus,
            durationMs,
            error,
            peer,
          };
          context.with(call.context, () => logger.log({ level, ...lineOfBareRequest(line) }));
        }
        calls.end(call, { durationMs, error, httpStatus });
      },
    };
  };
}

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Their number is bounded by the routes and HTTP methods. */
function endpoints() {
  const known = new Map<string, Endpoint>();
  return ({ method: sent, route, isGrpc, connection: { httpVersion, identity } }: BareRequest): Endpoint => {
    const method = HTTP_METHODS.has(sent) ? sent : OTHER;
    const key = isGrpc ? `grpc ${route}` : `${method} ${route} ${httpVersion}`;
    let endpoint = known.get(key);
    if (endpoint === undefined) {
      endpoint = isGrpc
        ? rpcEndpoint("grpc", route?.slice(1) ?? OTHER)
        : httpEndpoint({
            method,
            route: route ?? OTHER,
            scheme: identity === undefined ? "http" : "https",
            httpVersion,
          });
      known.set(key, endpoint);
    }
    return endpoint;
  };
}

const MAX_CHARS = 256;

/** What stands behind OTHER. */
function originals({ method, path, route, isGrpc }: BareRequest) {
  return {
    [ATTR_RPC_METHOD_ORIGINAL]: isGrpc && route === undefined ? cutText(path.slice(1), MAX_CHARS) : undefined,
    [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]:
      isGrpc || method === "" || HTTP_METHODS.has(method) ? undefined : cutText(method, MAX_CHARS),
  };
}
