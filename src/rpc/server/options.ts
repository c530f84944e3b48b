import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { type ObserveBareRequest, observeNothing } from "../bare-requests.ts";
import type { Service } from "../service.ts";
import type { CredentialSource } from "../tls/credentials.ts";
import type { Admission } from "./admission/admission.ts";
import { checkOptions } from "./check-options.ts";
import type { HttpHandler } from "./http-handler.ts";
import { type ConnectionPolicy, defaultLimits, type RpcServerLimits } from "./limits.ts";

/** Called with errors that are not ConnectErrors, whose text is never sent to clients. */
export type ReportError = (error: unknown, method?: DescMethod) => void;

export type RpcServerOptions = {
  /** Served over gRPC, gRPC-Web, Connect and JSON. Methods without an implementation answer UNIMPLEMENTED. */
  readonly services: readonly Service[];
  /** The port is encrypted, for HTTP/1.1 and HTTP/2 by ALPN. Default: plaintext. */
  readonly tls?: CredentialSource | undefined;
  /** Run around every RPC, whatever its protocol. The first one is outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** Gets each request that is not gRPC first. Default: none, and whatever is not an RPC is 404. */
  readonly http?: HttpHandler;
  readonly limits?: Partial<RpcServerLimits>;
  /** The largest request message of a method, like limits.readMaxBytes, which is the default, also where this returns undefined. */
  readonly maxRequestBytes?: (method: DescMethod) => number | undefined;
  /** The deadline of unary calls whose client sets none, in milliseconds. Default, also where this returns undefined: none. */
  readonly defaultTimeoutMs?: (method: DescMethod) => number | undefined;
  /** What is served when more comes than can be. Default: everything. */
  readonly admission?: Admission | undefined;
  /** HTTP/2 pings that find dead peers: one every timeMs; no answer within timeoutMs cuts the connection. Default: 60 s, 20 s. Null: none. */
  readonly keepalive?: { readonly timeMs: number; readonly timeoutMs: number } | null;
  /**
   * Ends HTTP/2 connections of about this age (within 10 %), so that clients resolve names and balance their load again. Streams that
   * still run after graceMs are cut. Default: connections live as long as they are used.
   */
  readonly maxConnectionAge?: { readonly ageMs: number; readonly graceMs: number };
  /** Connections without a stream or request for this long are closed gracefully. Default: 5 minutes. Infinity: never. */
  readonly idleTimeoutMs?: number;
  /** Told of the requests that no interceptor sees, such as those for unknown paths. Default: nobody is. */
  readonly observeBareRequest?: ObserveBareRequest;
  /** Called with errors such as bugs. Clients see INTERNAL "internal error" instead. Default: console.error. */
  readonly onError?: ReportError;
};

/** Options with every default filled in. */
export type ResolvedOptions = {
  readonly services: readonly Service[];
  readonly interceptors: readonly Interceptor[];
  readonly http: HttpHandler;
  readonly tls: CredentialSource | undefined;
  readonly limits: RpcServerLimits;
  readonly maxRequestBytes: (method: DescMethod) => number;
  readonly defaultTimeoutMs: (method: DescMethod) => number | undefined;
  readonly admission: Admission;
  readonly policy: ConnectionPolicy;
  readonly observeBareRequest: ObserveBareRequest;
  readonly onError: ReportError;
};

const MINUTE_MS = 60_000;

/** Throws a RangeError for limits and times that cannot be kept to. */
export function resolveOptions(options: RpcServerOptions): ResolvedOptions {
  const limits = { ...defaultLimits(), ...options.limits };
  const { keepalive = { timeMs: MINUTE_MS, timeoutMs: MINUTE_MS / 3 } } = options;
  const policy: ConnectionPolicy = {
    ...limits,
    keepalive: keepalive ?? undefined,
    maxConnectionAge: options.maxConnectionAge,
    idleTimeoutMs: options.idleTimeoutMs ?? 5 * MINUTE_MS,
  };
  checkOptions(policy);
  return {
    services: options.services,
    tls: options.tls,
    interceptors: options.interceptors ?? [],
    http: options.http ?? (() => false),
    limits,
    maxRequestBytes: (method) => options.maxRequestBytes?.(method) ?? limits.readMaxBytes,
    defaultTimeoutMs: (method) => (method.methodKind === "unary" ? options.defaultTimeoutMs?.(method) : undefined),
    admission: options.admission ?? { gateOf: () => undefined },
    policy,
    observeBareRequest: options.observeBareRequest ?? observeNothing,
    onError: options.onError ?? ((error) => console.error(error)),
  };
}
