import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Service } from "../service.ts";
import { connectionsByDescriptors } from "./connection-limit.ts";
import type { HttpHandler } from "./http-handler.ts";

/** Told of errors that are no ConnectErrors, whose text no client gets to see. */
export type ReportError = (error: unknown, method?: DescMethod) => void;

/** Limits for each message. */
export type MessageLimits = {
  /** Largest request message, as sent and decompressed, in bytes. Default: 64 KiB. */
  readonly readMaxBytes: number;
  /** Response messages of at least this size are compressed for clients that accept it, in bytes; Infinity: never. Default: 1 KiB. */
  readonly compressMinBytes: number;
};

export type RpcServerOptions = {
  /** What is served, by gRPC, gRPC-Web, Connect and JSON alike. Methods without an implementation answer UNIMPLEMENTED. */
  readonly services: readonly Service[];
  /** Called around every RPC of every protocol, the first one outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** Asked first about each request that is not gRPC. Default: none; what is no RPC is 404. */
  readonly http?: HttpHandler;
  readonly limits?: Partial<RpcServerLimits>;
  /**
   * The largest request message of a method, in any encoding, as sent and decompressed, in bytes. Default, also where it gives undefined:
   * limits.readMaxBytes.
   */
  readonly maxRequestBytes?: (method: DescMethod) => number | undefined;
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

/** Bounds on what clients may cost. */
export type RpcServerLimits = MessageLimits & {
  /**
   * What is held for all clients together, in bytes: requests being read, decompressed or waiting, answers not yet taken, and what each
   * open call and its headers cost. Past it, whoever has waited longest for its client goes; when nobody waits, new calls are refused with
   * RESOURCE_EXHAUSTED (429). Default: 32 MiB.
   */
  readonly maxHeldBytes: number;
  /**
   * Connections in all. One more ends the connection that has been idle longest; if none is idle, itself. Default: 2000, or four fifths of
   * the file descriptors that the process may open, if that is less.
   */
  readonly maxConnections: number;
  /** The same, of one address. Sidecars and load balancers bring all their clients' connections from one. Default: 1000. */
  readonly maxConnectionsPerAddress: number;
  /** Streams that one HTTP/2 connection may have open, and requests that one of HTTP/1.1 may send ahead of answers. Default: 1000. */
  readonly maxConcurrentStreams: number;
  /** All header names and values of a request, in bytes. Default: 16 KiB. */
  readonly maxHeaderListBytes: number;
  /** HTTP/2 flow control window of a stream: what a client may send ahead of its handler, in bytes. Default: 64 KiB. */
  readonly streamWindowBytes: number;
  /** HTTP/2 flow control window of a connection, in bytes. Default: 1 MiB. */
  readonly connectionWindowBytes: number;
  /** Header fields of a request. Default: 128. */
  readonly maxHeaderFields: number;
  /**
   * Streams that a client may open and reset at once, before the connection is ended (rapid reset). Calls that were answered make up for
   * them, and deadlines that are over do not count. Default: 1000.
   */
  readonly resetBurst: number;
  /** And by how many per second that allowance grows again by itself. Default: 100. */
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
  /** An answer, or a message of a stream, that a client has not taken in this time is given up. Default: 60 s. */
  readonly writeTimeoutMs: number;
  /** Time for a whole request that is not gRPC. In HTTP/2, request streams of Connect and gRPC-Web may last. Default: 5 minutes. */
  readonly requestTimeoutMs: number;
  /** Time for a new connection to show whether it speaks HTTP/1.1 or HTTP/2. Default: 10 s. */
  readonly sniffTimeoutMs: number;
};

const MINUTE_MS = 60_000;

const defaultLimits = (): RpcServerLimits => ({
  readMaxBytes: 64 << 10,
  compressMinBytes: 1024,
  maxHeldBytes: 32 << 20,
  maxConnections: Math.min(2000, connectionsByDescriptors()),
  maxConnectionsPerAddress: 1000,
  maxConcurrentStreams: 1000,
  maxHeaderListBytes: 16 << 10,
  maxHeaderFields: 128,
  streamWindowBytes: 64 << 10,
  connectionWindowBytes: 1 << 20,
  resetBurst: 1000,
  resetsPerSecond: 100,
  minPingIntervalMs: 5000,
  maxPingStrikes: 2,
  readTimeoutMs: MINUTE_MS,
  writeTimeoutMs: MINUTE_MS,
  requestTimeoutMs: 5 * MINUTE_MS,
  sniffTimeoutMs: 10_000,
});

/** What a Connection needs to know. */
export type ConnectionPolicy = RpcServerLimits & {
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
  readonly maxRequestBytes: (method: DescMethod) => number;
  readonly policy: ConnectionPolicy;
  readonly onError: ReportError;
};

export function resolveOptions(options: RpcServerOptions): ResolvedOptions {
  const limits = { ...defaultLimits(), ...options.limits };
  const { keepalive = { timeMs: MINUTE_MS, timeoutMs: MINUTE_MS / 3 } } = options;
  return {
    services: options.services,
    interceptors: options.interceptors ?? [],
    http: options.http ?? (() => false),
    limits,
    maxRequestBytes: (method) => options.maxRequestBytes?.(method) ?? limits.readMaxBytes,
    policy: {
      ...limits,
      keepalive: keepalive ?? undefined,
      maxConnectionAge: options.maxConnectionAge,
      idleTimeoutMs: options.idleTimeoutMs ?? 5 * MINUTE_MS,
    },
    onError: options.onError ?? ((error) => console.error(error)),
  };
}
