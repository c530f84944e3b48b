import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, Interceptor } from "@connectrpc/connect";
import { answerHeader } from "../answer-header.ts";
import { connectionInfo } from "../connection-info.ts";
import { serverHooks } from "../hooks/hooked.ts";
import type { HookedCall } from "../hooks/hooks.ts";
import { httpStatusOf } from "../http-status.ts";
import { isOurFault } from "./call-status.ts";
import { type Endpoint, fullName, httpEndpoint, type RpcSystem, rpcEndpoint } from "./endpoint.ts";
import { type HttpCall, httpCall } from "./http-call.ts";
import { type ServedCallsOptions, servedCalls } from "./served-calls.ts";

/**
 * Makes a SERVER span and a point of rpc.server.call.duration for each call, unary or stream, by the stable semantic conventions; of calls over
 * REST, which are HTTP requests and no RPCs, a point of http.server.request.duration instead. Continues the trace of the request's headers. The
 * handler, and the generator of a response stream, run with the span active. Use it after startTelemetry(), as the outermost interceptor.
 */
export function serverTelemetry(options: ServedCallsOptions): Interceptor {
  const calls = servedCalls(options);
  const endpointOf = endpoints();
  return serverHooks({
    start(call) {
      const system = systemOf(call);
      const http = system === "grpc" ? undefined : call.contextValues.get(httpCall);
      const served = calls.start(endpointOf(call.method, system, http), call.header, () => ({
        authority: authorityOf(call.url),
        connection: call.contextValues.get(connectionInfo),
        path: http?.path,
      }));
      const { traceResponse } = served;
      if (traceResponse !== undefined) call.contextValues.get(answerHeader)?.("traceresponse", traceResponse);
      return { served, http };
    },
    within: ({ served }) => served.context,
    end(call, { durationMs, error }, { served, http }) {
      calls.end(served, { durationMs, error, httpStatus: httpStatus(call, http, error) });
    },
  });
}

function systemOf({ header }: HookedCall): RpcSystem {
  const type = header.get("content-type");
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
function httpStatus(call: HookedCall, http: HttpCall | undefined, error: ConnectError | undefined): number {
  if (http !== undefined) return http.status(error);
  if (error === undefined) return 200;
  const status = httpStatusOf(error);
  return status >= 500 && !isOurFault(call, error) ? 400 : status;
}
