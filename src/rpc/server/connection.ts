import { Buffer } from "node:buffer";
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Call } from "./grpc/call.ts";
import type { ConnectionPolicy } from "./options.ts";

const MAX_STREAM_ID = 2 ** 31 - 1;
const DRAIN_PING_MS = 1000;

/** One HTTP/2 connection and its policies: keepalive, age, idleness, stalled requests, too many pings, drain. */
export class Connection {
  /** Calls that run. A call that was reset while its request was read stays until the next sweep. */
  readonly calls = new Set<Call>();
  /** Counts streams that begin and messages that are sent; whoever remembers the number sees whether there were any. */
  activity = 0;
  readonly #session: ServerHttp2Session;
  readonly #policy: ConnectionPolicy;
  readonly #timers: NodeJS.Timeout[] = [];
  #plainStreams = 0;
  #idle = { activity: -1, since: 0 };
  #ping = { activity: -1, at: 0, strikes: 0 };
  #draining = false;

  constructor(session: ServerHttp2Session, policy: ConnectionPolicy) {
    this.#session = session;
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

  /** A stream that is no gRPC call. It counts only as a reason not to be idle. */
  addPlainStream(stream: ServerHttp2Stream): void {
    this.#plainStreams++;
    stream.once("close", () => {
      this.#plainStreams--;
      this.activity++;
    });
  }

  /** Looks for what timers of their own would be too dear for: calls whose request stalls, and idleness. `now` in ms. */
  sweep(now: number): void {
    const { readTimeoutMs, idleTimeoutMs } = this.#policy;
    for (const call of this.calls) {
      if (call.stream.destroyed) call.cancel();
      else if (!call.stalled) continue;
      else if (call.stalledSince === 0) call.stalledSince = now;
      else if (now - call.stalledSince >= readTimeoutMs) call.fail(requestTooSlow());
    }
    if (this.calls.size > 0 || this.#plainStreams > 0 || this.#idle.activity !== this.activity) {
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

  destroy(): void {
    this.#session.destroy();
  }

  #retire(graceMs: number): void {
    this.drain();
    this.#timers.push(setTimeout(() => this.destroy(), graceMs).unref());
  }

  #probe(timeoutMs: number): void {
    if (this.#session.destroyed) return;
    const dead = setTimeout(() => this.destroy(), timeoutMs);
    this.#session.ping(() => clearTimeout(dead));
  }

  /** As gRPC's servers: pings are free while there is traffic, as clients measure the bandwidth with them. */
  #onPing(): void {
    const { minPingIntervalMs, maxPingStrikes } = this.#policy;
    const now = performance.now();
    const { activity, at } = this.#ping;
    this.#ping.at = now;
    this.#ping.activity = this.activity;
    if (activity !== this.activity) this.#ping.strikes = 0;
    else if (now - at < minPingIntervalMs) this.#ping.strikes++;
    if (this.#ping.strikes <= maxPingStrikes) return;
    const code = constants.NGHTTP2_ENHANCE_YOUR_CALM;
    this.#session.goaway(code, this.#session.state.lastProcStreamID, Buffer.from("too_many_pings"));
    this.#session.destroy(undefined, code);
  }
}

const requestTooSlow = () => new ConnectError("the request did not arrive in time", Code.DeadlineExceeded);
