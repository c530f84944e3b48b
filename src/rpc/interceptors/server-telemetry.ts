import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, Interceptor } from "@connectrpc/connect";
import { answerHeader } from "../answer-header.ts";
import { connectionInfo } from "../connection-info.ts";
import { httpStatusOf } from "../http-status.ts";
import type { AnyRequest } from "../interceptor-types.ts";
import { isOurFault } from "./call-status.ts";
import { type Endpoint, fullName, httpEndpoint, type RpcSystem, rpcEndpoint } from "./endpoint.ts";
import { type HttpCall, httpCall } from "./http-call.ts";
import { type CallEnd, observe, outcomeAtServer } from "./observe.ts";
import { type ServedCallsOptions, servedCalls } from "./served-calls.ts";

/**
 * Makes a SERVER span and a point of rpc.server.call.duration for each call, unary or stream, by the stable semantic conventions; of calls over
 * REST, which are HTTP requests and no RPCs, a point of http.server.request.duration instead. Continues the trace of the request's headers. The
 * handler, and the generator of a response stream, run with the span active. Use it after startTelemetry(), as the outermost interceptor.
 */
export function serverTelemetry(options: ServedCallsOptions): Interceptor {
  const calls = servedCalls(options);
  const endpointOf = endpoints();
  return (next) => (req) => {
    const system = systemOf(req);
    const http = system === "grpc" ? undefined : req.contextValues.get(httpCall);
    const call = calls.start(endpointOf(req.method, system, http), req.header, () => ({
      authority: authorityOf(req.url),
      connection: req.contextValues.get(connectionInfo),
      path: http?.path,
    }));
    if (call.traceResponse !== undefined) req.contextValues.get(answerHeader)?.("traceresponse", call.traceResponse);
    const onEnd: CallEnd = (durationMs, thrown) => {
      const error = outcomeAtServer(req, durationMs, thrown);
      calls.end(call, { durationMs, error, httpStatus: httpStatus(req, http, error) });
    };
    return observe(next, req, onEnd, call.context);
  };
}

function systemOf(req: AnyRequest): RpcSystem {
  const type = req.header.get("content-type");
  if (type?.startsWith("application/grpc") !== true) return "connectrpc";
  return type.startsWith("application/grpc-web") ? "grpc_web" : "grpc";
}

const authorityOf = (url: string): string => url.slice(url.indexOf("//") + 2).split("/", 1)[0] ?? "";

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
      endpoint = http === undefined ? rpcEndpoint(system, fullName(method)) : httpEndpoint(http);
      ofMethod.set(key, endpoint);
    }
    return endpoint;
  };
}

/** The status of a REST answer, or the one that the code maps to: never one of the server's faults for what the caller did wrong. */
function httpStatus(req: AnyRequest, http: HttpCall | undefined, error: ConnectError | undefined): number {
  if (http !== undefined) return http.status(error);
  if (error === undefined) return 200;
  const status = httpStatusOf(error);
  return status >= 500 && !isOurFault(req, error) ? 400 : status;
}
