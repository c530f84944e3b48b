import { connectionsByDescriptors } from "./connection-limit.ts";

/** Limits of each message. */
export type MessageLimits = {
  /** Largest request message in bytes, both as sent and decompressed. Default: 64 KiB. */
  readonly readMaxBytes: number;
  /** Response messages of at least this many bytes are compressed for clients that accept that. Infinity: none. Default: 1 KiB. */
  readonly compressMinBytes: number;
};

/** Bounds on what clients may cost. Infinity means none; those that are sent to clients, and sniffTimeoutMs, must be finite. */
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

/** The defaults of this machine. */
export const defaultLimits = (): RpcServerLimits => ({
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
