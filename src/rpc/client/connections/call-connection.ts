import type { ConnectionOptions as TlsOptions } from "node:tls";
import { ClientConnection } from "../../../http2/client-connection.ts";
import type { Http2ConnectionListener } from "../../../http2/connection.ts";
import type { RawFields } from "../../../http2/fields.ts";
import { ErrorCode } from "../../../http2/protocol.ts";
import type { Http2Stream } from "../../../http2/stream.ts";
import type { StreamListener } from "../../../http2/stream-listener.ts";
import type { ConnectionSettings } from "../channel-options.ts";
import { HTTP2_OPTIONS } from "./http2-options.ts";
import { openSocket, type SocketAddress } from "./socket-address.ts";
import { type UnansweredCall, UnansweredCalls } from "./unanswered-calls.ts";

export type CallConnectionListener = {
  /** The server's settings are here: it speaks HTTP/2. */
  onOpen(connection: CallConnection): void;
  /** It may take a call again that it would not have taken before. */
  onFree(): void;
  /** It is gone, or will take no more calls. Comes once. */
  onRetired(connection: CallConnection): void;
  /** Whether another server is well and has room. */
  hasAlternative(): boolean;
  /** Whether there are other servers at all. */
  readonly hasSeveral: boolean;
};

/** After a pause of this process, what the server has sent meanwhile is only read now. */
const LAST_LOOK_MS = 100;
/** A healthy server answers a ping in less. */
const DOUBT_MS = 1_000;
/**
 * If nothing comes on a connection for so long while a call waits for its answer, the server is pinged; without an answer to that for twice
 * as long, calls may go elsewhere. A server that is only busy for a moment loses no call by that.
 */
const QUIET_MS = 150;
/** A server of which nothing has been heard for so long is asked whether it is there before it gets a call. */
const STALE_MS = 1_000;

/** A connection for calls. It keeps the process alive only while it is being made and while there are calls on it. */
export class CallConnection implements Http2ConnectionListener {
  readonly #http: ClientConnection;
  readonly #listener: CallConnectionListener;
  readonly #settings: ConnectionSettings;
  #connecting: NodeJS.Timeout;
  readonly #unanswered = new UnansweredCalls();
  #watch: NodeJS.Timeout | undefined;
  /** At the last look: the call that waited longest, and how much had come. */
  #seen: { readonly oldest: number | undefined; readonly bytes: number } = { oldest: undefined, bytes: 0 };
  /** How much had come with the answer to the last ping. If no more has come since, the server is known to be slow, not hung. */
  #bytesAtPong = -1;
  #tick: NodeJS.Timeout | undefined;
  #calls = 0;
  #idleSince = 0;
  #lastStreamId = Number.POSITIVE_INFINITY;
  #open = false;
  #retired = false;
  #heardAt = performance.now();
  /** How much had come when the server was asked before a call. If no more comes, it is not asked again: see above. */
  #bytesAtAsk = -1;
  #asking: NodeJS.Timeout | undefined;
  #pinging = false;
  #slow: NodeJS.Timeout | undefined;
  #dead: NodeJS.Timeout | undefined;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #doubted = false;
  /** Whether a call got an answer on it. */
  proven = false;

  /** Ends if the server has not said within `connectMs` that it speaks HTTP/2. */
  constructor(
    address: SocketAddress,
    tls: TlsOptions | undefined,
    settings: ConnectionSettings,
    connectMs: number,
    to: CallConnectionListener,
  ) {
    this.#listener = to;
    this.#settings = settings;
    this.#http = new ClientConnection(openSocket(address, tls), HTTP2_OPTIONS, this);
    this.#connecting = setTimeout(() => {
      this.#connecting = setTimeout(() => this.#end("no HTTP/2 settings in time"), LAST_LOOK_MS).unref();
    }, connectMs).unref();
  }

  onSettings(): void {
    if (this.#open) this.#listener.onFree();
    else this.#opened();
  }

  onGoaway(_code: number, lastStreamId: number): void {
    this.#lastStreamId = lastStreamId;
    this.#retire();
  }

  onClose(): void {
    for (const timer of [this.#watch, this.#slow, this.#dead]) clearTimeout(timer);
    this.#retire();
  }

  /** Why it ended. */
  get cause(): Error | undefined {
    return this.#http.error;
  }

  /** How many more calls the server takes; less than 1 if it takes no more. */
  get room(): number {
    const usable = this.#open && !this.#retired && !this.#http.isUsedUp;
    return usable ? this.#http.peer.maxConcurrentStreams - this.#calls : 0;
  }

  /** Whether the server is being asked before a call, and may still answer at once. */
  get asking(): boolean {
    return this.#asking !== undefined;
  }

  /** Asks a server that has not been heard of for a while, where there are others; it is `doubted` until it answers. */
  askIfStale(): void {
    if (performance.now() - this.#heardAt < STALE_MS || this.#pinging || !this.#listener.hasSeveral) return;
    if (this.#http.socket.bytesRead === this.#bytesAtAsk) return;
    this.#doubted = true;
    this.#asking = setTimeout(() => {
      this.#asking = undefined;
      this.#listener.onFree();
    }, QUIET_MS); // a call waits for it
    this.#ping();
  }

  /** Whether the server may be hung: it has not answered a call in time, or a ping quickly, and no ping since. */
  get doubted(): boolean {
    return this.#doubted;
  }

  /** Whether the connection is over. What its streams say of their end then is not the server's word. */
  get lost(): boolean {
    return this.#http.destroyed;
  }

  /** Opens a stream with fields that many calls share and its own; it is given back with release(). Throws for fields that cannot be sent. */
  request(shared: RawFields, own: RawFields | undefined, call: UnansweredCall & StreamListener): Http2Stream {
    const stream = this.#http.request(shared, own, call);
    if (this.#calls++ === 0) this.#http.socket.ref();
    this.#unanswered.add(call);
    this.#watch ??= setTimeout(() => this.#onQuietTime(), QUIET_MS).unref();
    if (this.#http.isUsedUp) {
      this.#http.close();
      this.#retire();
    }
    return stream;
  }

  /** The answer to a call has begun. */
  answered(call: UnansweredCall): void {
    this.#unanswered.delete(call);
    this.#heardAt = performance.now();
  }

  release(call: UnansweredCall): void {
    this.#unanswered.delete(call);
    if (this.#calls-- === this.#http.peer.maxConcurrentStreams) this.#listener.onFree();
    if (this.#calls > 0) return;
    this.#http.socket.unref();
    this.#idleSince = performance.now();
  }

  /** Whether the server has certainly not looked at this stream, so that the call may be made again elsewhere. */
  refused({ id, rstCode }: Http2Stream): boolean {
    return rstCode === ErrorCode.REFUSED_STREAM || id > this.#lastStreamId;
  }

  /** A call got no answer in time: asks whether the server is still there, once a second at most, and is `doubted` until it says so. */
  doubt(): void {
    if (!this.#pinging && performance.now() - this.#pingedAt < DOUBT_MS) return;
    this.#doubted = true;
    this.#ping();
  }

  /** Lets calls in flight end. */
  close(): void {
    if (this.#open) this.#http.close();
    else this.#end("the client is closed");
  }

  #opened(): void {
    this.#open = true;
    clearTimeout(this.#connecting);
    const { keepaliveMs, idleMs } = this.#settings;
    this.#tick = setInterval(() => this.#onTick(), Math.min(keepaliveMs, idleMs)).unref();
    this.#idleSince = performance.now();
    this.#http.socket.unref();
    this.#listener.onOpen(this);
  }

  #onQuietTime(): void {
    const { oldest } = this.#unanswered;
    const bytes = this.#http.socket.bytesRead;
    const isQuiet = oldest !== undefined && oldest === this.#seen.oldest && bytes === this.#seen.bytes;
    this.#seen = { oldest, bytes };
    if (isQuiet && bytes !== this.#bytesAtPong) {
      this.#doubted = true;
      this.#ping();
      if (performance.now() - this.#pingedAt >= 2 * QUIET_MS && this.#listener.hasAlternative()) {
        for (const call of this.#unanswered) call.onHung();
      }
    }
    const goesOn = oldest !== undefined && !this.#http.destroyed;
    this.#watch = goesOn ? setTimeout(() => this.#onQuietTime(), QUIET_MS).unref() : undefined;
  }

  #onTick(): void {
    if (this.#calls > 0) this.#ping();
    else if (performance.now() - this.#idleSince >= this.#settings.idleMs) this.#http.close();
  }

  #ping(): void {
    if (this.#pinging || this.#http.destroyed) return;
    this.#pinging = true;
    this.#pingedAt = performance.now();
    this.#slow = setTimeout(() => {
      this.#doubted = true;
    }, DOUBT_MS).unref();
    this.#dead = setTimeout(() => this.#end("no answer to a ping"), this.#settings.keepaliveTimeoutMs).unref();
    this.#http.ping(() => {
      clearTimeout(this.#slow);
      clearTimeout(this.#dead);
      this.#pinging = false;
      this.#doubted = false;
      this.#heardAt = performance.now();
      const bytes = this.#http.socket.bytesRead;
      if (this.#asking === undefined) this.#bytesAtPong = bytes;
      else this.#bytesAtAsk = bytes;
      clearTimeout(this.#asking);
      this.#asking = undefined;
      this.#listener.onFree();
    });
  }

  #end(reason: string): void {
    this.#http.destroy(new Error(reason), ErrorCode.NO_ERROR);
  }

  #retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    clearTimeout(this.#connecting);
    clearTimeout(this.#asking);
    this.#asking = undefined;
    clearInterval(this.#tick);
    this.#listener.onRetired(this);
  }
}
