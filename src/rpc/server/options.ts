import type { Interceptor } from "@connectrpc/connect";
import type { Service } from "../service.ts";
import type { MessageLimits, ReportError } from "./grpc/route.ts";
import type { HttpHandler } from "./http-handler.ts";

export type RpcServerOptions = {
  /** What is served, by gRPC, gRPC-Web, Connect and JSON alike. Methods without an implementation answer UNIMPLEMENTED. */
  readonly services: readonly Service[];
  /** Called around every RPC of every protocol, the first one outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** Asked first about each request that is not gRPC. Default: none; what is no RPC is 404. */
  readonly http?: HttpHandler;
  readonly limits?: Partial<RpcServerLimits>;
  /**
   * HTTP/2 pings to find dead peers: one each timeMs, and the connection is cut when no answer came in timeoutMs.
   * Default: 60 s and 20 s. Null: none.
   */
  readonly keepalive?: { readonly timeMs: number; readonly timeoutMs: number } | null;
  /**
   * Ends HTTP/2 connections of about this age (10 % more or less), so that clients resolve names and balance anew. Streams that still
   * run after graceMs are cut. Default: connections live as long as they are used.
   */
  readonly maxConnectionAge?: { readonly ageMs: number; readonly graceMs: number };
  /** Connections without a stream or request for this long are closed, in an orderly way. Default: 5 minutes. Infinity: never. */
  readonly idleTimeoutMs?: number;
  /**
   * Told of errors that are no ConnectErrors: bugs, unreachable databases. Clients see INTERNAL "internal error" instead.
   * Default: console.error.
   */
  readonly onError?: ReportError;
};

/** Bounds on what one client may cost. */
export type RpcServerLimits = MessageLimits & {
  /** Streams that one HTTP/2 connection may have open. Default: 1000. */
  readonly maxConcurrentStreams: number;
  /** All header names and values of a request, in bytes. Default: 16 KiB. */
  readonly maxHeaderListBytes: number;
  /** HTTP/2 flow control window of a stream: what a client may send ahead of its handler, in bytes. Default: 256 KiB. */
  readonly streamWindowBytes: number;
  /** HTTP/2 flow control window of a connection, in bytes. Default: 1 MiB. */
  readonly connectionWindowBytes: number;
  /** Streams that a client may open and reset at once, before the connection is ended (rapid reset). Default: 1000. */
  readonly resetBurst: number;
  /** And by how many per second that allowance grows again. Default: 100. */
  readonly resetsPerSecond: number;
  /** Pings that come sooner after the last one, without traffic between, are too many. Default: 5 s. */
  readonly minPingIntervalMs: number;
  /** How many such pings a connection may send before it is ended with "too_many_pings". Default: 2. */
  readonly maxPingStrikes: number;
  /**
   * A gRPC request message that has begun, or that a method waits for, and of which nothing comes for this long, is given up with
   * DEADLINE_EXCEEDED (up to a quarter later). A request stream may rest between messages. Default: 60 s.
   */
  readonly readTimeoutMs: number;
  /** Time for a whole request that is not gRPC. In HTTP/2, request streams of Connect and gRPC-Web may last. Default: 5 minutes. */
  readonly requestTimeoutMs: number;
  /** Time for a new connection to show whether it speaks HTTP/1.1 or HTTP/2. Default: 10 s. */
  readonly sniffTimeoutMs: number;
};

const MINUTE_MS = 60_000;

const DEFAULT_LIMITS: RpcServerLimits = {
  readMaxBytes: 4 << 20,
  compressMinBytes: 1024,
  maxConcurrentStreams: 1000,
  maxHeaderListBytes: 16 << 10,
  streamWindowBytes: 256 << 10,
  connectionWindowBytes: 1 << 20,
  resetBurst: 1000,
  resetsPerSecond: 100,
  minPingIntervalMs: 5000,
  maxPingStrikes: 2,
  readTimeoutMs: MINUTE_MS,
  requestTimeoutMs: 5 * MINUTE_MS,
  sniffTimeoutMs: 10_000,
};

/** What a Connection needs to know. */
export type ConnectionPolicy = Pick<
  RpcServerLimits,
  "readTimeoutMs" | "requestTimeoutMs" | "minPingIntervalMs" | "maxPingStrikes"
> & {
  readonly keepalive: { readonly timeMs: number; readonly timeoutMs: number } | undefined;
  readonly maxConnectionAge: { readonly ageMs: number; readonly graceMs: number } | undefined;
  readonly idleTimeoutMs: number;
};

/** Options with every default filled in. */
export type ResolvedOptions = {
  readonly services: readonly Service[];
  readonly interceptors: readonly Interceptor[];
  readonly http: HttpHandler;
  readonly limits: RpcServerLimits;
  readonly policy: ConnectionPolicy;
  readonly onError: ReportError;
};

export function resolveOptions(options: RpcServerOptions): ResolvedOptions {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { keepalive = { timeMs: MINUTE_MS, timeoutMs: MINUTE_MS / 3 } } = options;
  return {
    services: options.services,
    interceptors: options.interceptors ?? [],
    http: options.http ?? (() => false),
    limits,
    policy: {
      readTimeoutMs: limits.readTimeoutMs,
      requestTimeoutMs: limits.requestTimeoutMs,
      minPingIntervalMs: limits.minPingIntervalMs,
      maxPingStrikes: limits.maxPingStrikes,
      keepalive: keepalive ?? undefined,
      maxConnectionAge: options.maxConnectionAge,
      idleTimeoutMs: options.idleTimeoutMs ?? 5 * MINUTE_MS,
    },
    onError: options.onError ?? ((error) => console.error(error)),
  };
}
