import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { type Attributes, SpanKind, type SpanOptions } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from "@opentelemetry/semantic-conventions";
import { type RequestAttributes, requestAttributes } from "../../telemetry/request-metrics.ts";
import { isServerFault, statusName } from "./call-status.ts";
import type { HttpCall } from "./http-call.ts";

/** How a call came in: the value of rpc.system.name. */
export type RpcSystem = "grpc" | "connectrpc" | "rest";

/** The attributes of an outcome of an endpoint, shared by all calls that end this way. */
export type OutcomeAttributes = {
  /** Added to the span at its end. */
  readonly span: Attributes;
  /** Of rpc.server.call.duration. */
  readonly rpc: Attributes;
  /** Of http.server.request.duration; undefined unless the call came over REST. */
  readonly http: Attributes | undefined;
  /** Of the service's own metrics. */
  readonly request: RequestAttributes;
};

/** A method, reached over one system or HTTP route, and what its calls have in common. */
export class Endpoint {
  readonly spanName: string;
  readonly #base: Attributes;
  readonly #http: Attributes | undefined;
  readonly #options: SpanOptions;
  readonly #outcomes = new Map<number, OutcomeAttributes>();

  constructor(method: DescMethod, system: RpcSystem, http?: HttpCall) {
    const rpcMethod = fullName(method);
    this.#base = { [ATTR_RPC_SYSTEM_NAME]: system, [ATTR_RPC_METHOD]: rpcMethod };
    this.#http = http && {
      [ATTR_HTTP_REQUEST_METHOD]: http.method,
      [ATTR_HTTP_ROUTE]: http.route,
      [ATTR_URL_SCHEME]: http.scheme,
      [ATTR_NETWORK_PROTOCOL_VERSION]: http.httpVersion,
    };
    this.spanName = http ? `${http.method} ${http.route}` : rpcMethod;
    this.#options = { kind: SpanKind.SERVER, attributes: { ...this.#base, ...this.#http } };
  }

  /** Options for the span of a call, with the path if the call came over REST. */
  spanOptions(http: HttpCall | undefined): SpanOptions {
    if (http === undefined) return this.#options;
    return { ...this.#options, attributes: { ...this.#options.attributes, [ATTR_URL_PATH]: http.path } };
  }

  /** The attributes of calls that end with this code (undefined: success) and HTTP status. */
  outcome(code: Code | undefined, httpStatus: number): OutcomeAttributes {
    const key = (code ?? 0) * 1000 + httpStatus;
    let attributes = this.#outcomes.get(key);
    if (attributes === undefined) {
      attributes = this.#attributes(code, httpStatus);
      this.#outcomes.set(key, attributes);
    }
    return attributes;
  }

  #attributes(code: Code | undefined, httpStatus: number): OutcomeAttributes {
    const status = statusName(code);
    const fault: Attributes = code !== undefined && isServerFault(code) ? { [ATTR_ERROR_TYPE]: status } : {};
    const rpc = { [ATTR_RPC_STATUS_CODE]: status, ...fault };
    const http = this.#http && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: httpStatus, ...fault };
    return {
      span: { ...rpc, ...http },
      rpc: { ...this.#base, ...rpc },
      http: http && { ...this.#http, ...http },
      request: requestAttributes({ endpoint: this.spanName, status: httpStatus }),
    };
  }
}

/** "pkg.Service/Method", as in a gRPC path. */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** Whether a service is for probes and tools: health or reflection. Machines call these all the time. */
export const isProbe = ({ typeName }: DescService): boolean =>
  typeName.startsWith("grpc.health.") || typeName.startsWith("grpc.reflection.");
