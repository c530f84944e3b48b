import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { type ObserveBareRequest, observeNothing } from "../bare-requests.ts";
import type { Service } from "../service.ts";
import type { CredentialSource } from "../tls/credentials.ts";
import type { Admission } from "./admission/admission.ts";
import { connectionsByDescriptors } from "./connection-limit.ts";
import type { HttpHandler } from "./http-handler.ts";

/** Called with errors that are not ConnectErrors, whose text is never sent to clients. */
export type ReportError = (error: unknown, method?: DescMethod) => void;

/** Limits of each message. */
export type MessageLimits = {
  /** Largest request message in bytes, both as sent and decompressed. Default: 64 KiB. */
  readonly readMaxBytes: number;
  /** Response messages of at least this many bytes are compressed for clients that accept that. Infinity: none. Default: 1 KiB. */
  readonly compressMinBytes: number;
};

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

/** Bounds on what clients may cost. */
export type RpcServerLimits = MessageLimits & {
  /**
   * Memory held for all clients together, in bytes: requests that are read, decompressed or waiting, answers that are not yet taken, and a
   * sum for each open call and its headers. Beyond it, whatever has waited longest for its client is ended; if nothing waits, new calls
   * are refused with RESOURCE_EXHAUSTED (429). Default: 32 MiB.
   */
  readonly maxHeldBytes: number;
  /**
   * Connections in total. One more ends the connection that has been idle longest, or is refused if none is idle. Default: 2000, or four
   * fifths of the file descriptors that the process may open, if that is less.
   */
  readonly maxConnections: number;
  /** The same, per address. All connections of a sidecar or load balancer come from one address. Default: 1000. */
  readonly maxConnectionsPerAddress: number;
  /** Open streams of an HTTP/2 connection, and unanswered requests of one of HTTP/1.1. Default: 1000. */
  readonly maxConcurrentStreams: number;
  /**
   * How many of them may be something other than a gRPC stream. Calls beyond wait at the client, where they cost the server nothing: for a
   * call that is quickly served, to refuse it would take almost as long. Default: 250.
   */
  readonly maxConcurrentCalls: number;
  /** Header names and values of a request, in bytes. Default: 16 KiB. */
  readonly maxHeaderListBytes: number;
  /** HTTP/2 flow control window of a stream, in bytes: how much a client may send before the handler reads it. Default: 64 KiB. */
  readonly streamWindowBytes: number;
  /** HTTP/2 flow control window of a connection, in bytes. Default: 1 MiB. */
  readonly connectionWindowBytes: number;
  /** Header fields of a request. Default: 128. */
  readonly maxHeaderFields: number;
  /**
   * Streams that a client may open and reset in a burst before the connection is ended ("rapid reset"). Answered calls make up for them;
   * calls whose deadline has passed do not count. Default: 1000.
   */
  readonly resetBurst: number;
  /** How many more resets are allowed each second. Default: 100. */
  readonly resetsPerSecond: number;
  /** Pings that come sooner after the one before, without traffic between, count as strikes. Default: 5 s. */
  readonly minPingIntervalMs: number;
  /** Strikes that a connection may have; one more ends it with "too_many_pings". Default: 2. */
  readonly maxPingStrikes: number;
  /**
   * A gRPC call whose request message is incomplete, and of which nothing comes for this long, fails with DEADLINE_EXCEEDED (up to a quarter
   * later). Request streams may pause between messages. Default: 60 s.
   */
  readonly readTimeoutMs: number;
  /** A call is ended if its client takes nothing of an answer for this long. Default: 60 s. */
  readonly writeTimeoutMs: number;
  /** Time for a whole request that is not gRPC, but for request streams over HTTP/2. Default: 5 minutes. */
  readonly requestTimeoutMs: number;
  /** Time for the handshake of TLS, and then for a new connection to show whether it speaks HTTP/1.1 or HTTP/2. Default: 10 s. */
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
  maxConcurrentCalls: 250,
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

/** What a Connection enforces. */
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
  readonly tls: CredentialSource | undefined;
  readonly limits: RpcServerLimits;
  readonly maxRequestBytes: (method: DescMethod) => number;
  readonly defaultTimeoutMs: (method: DescMethod) => number | undefined;
  readonly admission: Admission;
  readonly policy: ConnectionPolicy;
  readonly observeBareRequest: ObserveBareRequest;
  readonly onError: ReportError;
};

export function resolveOptions(options: RpcServerOptions): ResolvedOptions {
  const limits = { ...defaultLimits(), ...options.limits };
  const { keepalive = { timeMs: MINUTE_MS, timeoutMs: MINUTE_MS / 3 } } = options;
  return {
    services: options.services,
    tls: options.tls,
    interceptors: options.interceptors ?? [],
    http: options.http ?? (() => false),
    limits,
    maxRequestBytes: (method) => options.maxRequestBytes?.(method) ?? limits.readMaxBytes,
    defaultTimeoutMs: (method) => (method.methodKind === "unary" ? options.defaultTimeoutMs?.(method) : undefined),
    admission: options.admission ?? { gateOf: () => undefined },
    policy: {
      ...limits,
      keepalive: keepalive ?? undefined,
      maxConnectionAge: options.maxConnectionAge,
      idleTimeoutMs: options.idleTimeoutMs ?? 5 * MINUTE_MS,
    },
    observeBareRequest: options.observeBareRequest ?? observeNothing,
    onError: options.onError ?? ((error) => console.error(error)),
  };
}
