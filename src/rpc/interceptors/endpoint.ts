import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { type Attributes, SpanKind } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_URL_SCHEME,
} from "@opentelemetry/semantic-conventions";
import type { ServedProtocol } from "../../telemetry/active-requests.ts";
import { type RequestAttributes, requestAttributes } from "../../telemetry/request-metrics.ts";
import type { SpanShape } from "../../telemetry/spans.ts";
import { statusName } from "../status-name.ts";

/** The protocol of a call: the value of rpc.system.name. */
export type RpcSystem = Exclude<ServedProtocol, "http">;

/** Stands for all methods and paths that do not exist, in names and attributes that must be few. */
export const OTHER = "_OTHER";

/** The attributes of an outcome of an endpoint, shared by all calls that end this way. */
export type OutcomeAttributes = {
  /** Added to the span at its end. */
  readonly span: Attributes;
  /** Of the duration in the metrics of the semantic conventions. */
  readonly duration: Attributes;
  /** Of the service's own metrics. */
  readonly request: RequestAttributes;
};

/** What is called: a method over one protocol, or an HTTP method and route. Its calls share all attributes that can be known beforehand. */
export class Endpoint {
  readonly protocol: ServedProtocol;
  readonly spanName: string;
  readonly span: SpanShape;
  readonly #base: Attributes;
  readonly #outcomes = new Map<number, OutcomeAttributes>();

  constructor(protocol: ServedProtocol, spanName: string, base: Attributes) {
    this.protocol = protocol;
    this.spanName = spanName;
    this.span = { name: spanName, kind: SpanKind.SERVER, attributes: base };
    this.#base = base;
  }

  /**
   * The attributes of calls that end with this code (undefined: success) and HTTP status, or the one that the code maps to. From 500 on, it is
   * the server that failed.
   */
  outcome(code: Code | undefined, httpStatus: number): OutcomeAttributes {
    const key = (code ?? 0) * 1000 + httpStatus;
    let attributes = this.#outcomes.get(key);
    if (attributes === undefined) {
      attributes = this.#attributes(code, httpStatus);
      this.#outcomes.set(key, attributes);
    }
    return attributes;
  }

  #attributes(code: Code | undefined, status: number): OutcomeAttributes {
    const span: Attributes =
      this.protocol === "http"
        ? { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }
        : { [ATTR_RPC_STATUS_CODE]: statusName(code) };
    if (status >= 500) span[ATTR_ERROR_TYPE] = code === undefined ? String(status) : statusName(code);
    return {
      span,
      duration: { ...this.#base, ...span },
      request: requestAttributes({ endpoint: this.spanName, status }),
    };
  }
}

/** `method` is a fullName() or OTHER. */
export function rpcEndpoint(system: RpcSystem, method: string): Endpoint {
  return new Endpoint(system, method, { [ATTR_RPC_SYSTEM_NAME]: system, [ATTR_RPC_METHOD]: method });
}

export type HttpEndpoint = {
  /** Such as "GET", or OTHER. */
  readonly method: string;
  /** A path template, or OTHER. */
  readonly route: string;
  readonly scheme: "http" | "https";
  readonly httpVersion: string;
};

export function httpEndpoint({ method, route, scheme, httpVersion }: HttpEndpoint): Endpoint {
  return new Endpoint("http", `${method} ${route}`, {
    [ATTR_HTTP_REQUEST_METHOD]: method,
    [ATTR_HTTP_ROUTE]: route,
    [ATTR_URL_SCHEME]: scheme,
    [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion,
  });
}

/** "pkg.Service/Method", as in a gRPC path. */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** Whether a service is for probes and tools: health or reflection. Machines call these all the time. */
export const isProbe = ({ typeName }: DescService): boolean =>
  typeName.startsWith("grpc.health.") || typeName.startsWith("grpc.reflection.");
