import { Buffer } from "node:buffer";
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Call } from "./grpc/call.ts";
import type { ConnectionPolicy } from "./options.ts";

const MAX_STREAM_ID = 2 ** 31 - 1;
/** How long a drain waits for its ping. Some clients answer none after GOAWAY; a call that came later may be retried by the client. */
const DRAIN_PING_MS = 250;
/** What the answer to a ping and a window update or two take; more than that was an answer to a call. */
const CHATTER_BYTES = 64;

/** One HTTP/2 connection and its policies: keepalive, age, idleness, stalled requests, too many pings, drain. */
export class Connection {
  /** Calls that run. A call that was reset while its request was read stays until the next sweep. */
  readonly calls = new Set<Call>();
  /** Counts streams; who remembers the number sees whether there were new ones. */
  activity = 0;
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #policy: ConnectionPolicy;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Streams that are no gRPC calls, and when they began. */
  readonly #plainStreams = new Map<ServerHttp2Stream, number>();
  #idle = { activity: -1, since: 0 };
  #ping = { activity: 0, bytesSent: 0, at: 0, strikes: 0 };
  #draining = false;

  constructor(session: ServerHttp2Session, socket: Socket, policy: ConnectionPolicy) {
    this.#session = session;
    this.#socket = socket;
    this.#policy = policy;
    const { keepalive, maxConnectionAge } = policy;
    session.on("ping", () => this.#onPing());
    session.once("close", () => this.#timers.forEach(clearTimeout));
    if (keepalive !== undefined) {
      this.#timers.push(setInterval(() => this.#probe(keepalive.timeoutMs), keepalive.timeMs).unref());
    }
    if (maxConnectionAge !== undefined) {
      const jitter = 0.9 + Math.random() * 0.2; // so that the connections of one client do not all end together
      const retire = () => this.#retire(maxConnectionAge.graceMs);
      this.#timers.push(setTimeout(retire, maxConnectionAge.ageMs * jitter).unref());
    }
  }

  /** A stream that is no gRPC call. */
  addPlainStream(stream: ServerHttp2Stream, contentType = ""): void {
    this.activity++;
    this.#plainStreams.set(stream, RPC_STREAM.test(contentType) ? Infinity : performance.now());
    stream.once("close", () => this.#plainStreams.delete(stream));
  }

  /** Looks for what timers of their own would be too dear for: calls whose request stalls, and idleness. `now` in ms. */
  sweep(now: number): void {
    const { readTimeoutMs, requestTimeoutMs, idleTimeoutMs } = this.#policy;
    for (const call of this.calls) {
      if (call.stream.destroyed) call.cancel();
      else if (!call.stalled) continue;
      else if (call.stalledSince === 0) call.stalledSince = now;
      else if (now - call.stalledSince >= readTimeoutMs) call.fail(requestTooSlow());
    }
    for (const [stream, since] of this.#plainStreams) {
      if (now - since >= requestTimeoutMs && awaitsRequest(stream)) stream.close(constants.NGHTTP2_CANCEL);
    }
    if (this.calls.size > 0 || this.#plainStreams.size > 0 || this.#idle.activity !== this.activity) {
      this.#idle = { activity: this.activity, since: now };
    } else if (now - this.#idle.since >= idleTimeoutMs) {
      this.drain();
    }
  }

  /**
   * GOAWAY with the highest stream id: the client opens no more streams, and those on their way are still served. When a ping has come
   * back, GOAWAY with the last id that was seen, and the connection closes after its last stream.
   */
  drain(): void {
    const session = this.#session;
    if (this.#draining || session.closed || session.destroyed) return;
    this.#draining = true;
    session.goaway(constants.NGHTTP2_NO_ERROR, MAX_STREAM_ID);
    const finish = () => {
      clearTimeout(timer);
      if (!session.destroyed) session.close();
    };
    const timer = setTimeout(finish, DRAIN_PING_MS);
    if (!session.ping(finish)) finish();
  }

  /** Cuts the connection. Once GOAWAY has gone either way, a session alone would wait for the peer to close its side. */
  destroy(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  #retire(graceMs: number): void {
    this.drain();
    this.#timers.push(setTimeout(() => this.destroy(), graceMs).unref());
  }

  #probe(timeoutMs: number): void {
    if (this.#session.destroyed) return;
    const dead = setTimeout(() => this.destroy(), timeoutMs).unref();
    this.#session.ping(() => clearTimeout(dead));
  }

  /** As in gRPC's own servers, pings are free after an answer: clients measure the bandwidth with them. */
  #onPing(): void {
    const { minPingIntervalMs, maxPingStrikes } = this.#policy;
    const session = this.#session;
    const now = performance.now();
    const bytesSent = this.#socket.bytesWritten;
    const { activity } = this;
    const last = this.#ping;
    let { strikes } = last;
    if (activity !== last.activity || bytesSent - last.bytesSent > CHATTER_BYTES) strikes = 0;
    else if (now - last.at < minPingIntervalMs) strikes++;
    this.#ping = { activity, bytesSent, at: now, strikes };
    if (strikes <= maxPingStrikes) return;
    const code = constants.NGHTTP2_ENHANCE_YOUR_CALM;
    session.goaway(code, session.state.lastProcStreamID, Buffer.from("too_many_pings"));
    session.destroy(undefined, code);
  }
}

/** Content types of RPCs whose requests may be streams; those may last. */
const RPC_STREAM = /^application\/(connect\+|grpc-web)/;

/** Whether the client has not yet ended its side. */
const awaitsRequest = ({ state }: ServerHttp2Stream) => state.state === constants.NGHTTP2_STREAM_STATE_OPEN;

const requestTooSlow = () => new ConnectError("the request did not arrive in time", Code.DeadlineExceeded);
