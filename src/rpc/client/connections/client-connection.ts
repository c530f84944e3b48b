import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Socket } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ConnectionSettings } from "../channel-options.ts";
import { openSocket, type SocketAddress, showAddress } from "./socket-address.ts";
import { type UnansweredCall, UnansweredCalls } from "./unanswered-calls.ts";

export type ClientConnectionListener = {
  /** The server's settings are here: it speaks HTTP/2. */
  onOpen(connection: ClientConnection): void;
  /** It may take a call again that it would not have taken before. */
  onFree(): void;
  /** It is gone, or will take no more calls. Comes once. */
  onRetired(connection: ClientConnection): void;
  /** Whether another server is well and has room. */
  hasAlternative(): boolean;
  /** Whether there are other servers at all. */
  readonly hasSeveral: boolean;
};

/** After a pause of this process, what the server has sent meanwhile is only read now. */
const LAST_LOOK_MS = 100;
const STREAM_WINDOW = 256 << 10;
const CONNECTION_WINDOW = 4 << 20;
/** A healthy server answers a ping in less. */
const DOUBT_MS = 1_000;
/**
 * If nothing comes on a connection for so long while a call waits for its answer, the server is pinged; without an answer to that for twice
 * as long, calls may go elsewhere. A server that is only busy for a moment loses no call by that.
 */
const QUIET_MS = 150;
/** A server of which nothing has been heard for so long is asked whether it is there before it gets a call. */
const STALE_MS = 1_000;

/** One HTTP/2 connection. It keeps the process alive only while it is being made and while there are calls on it. */
export class ClientConnection {
  readonly #session: ClientHttp2Session;
  readonly #listener: ClientConnectionListener;
  readonly #settings: ConnectionSettings;
  #connecting: NodeJS.Timeout;
  readonly #unanswered = new UnansweredCalls();
  #socket: Socket | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** At the last look: the call that waited longest, and how much had come. */
  #seen: { readonly oldest: number | undefined; readonly bytes: number } = { oldest: undefined, bytes: 0 };
  /** How much had come with the answer to the last ping. If no more has come since, the server is known to be slow, not hung. */
  #bytesAtPong = -1;
  #tick: NodeJS.Timeout | undefined;
  #calls = 0;
  #maxCalls = Number.POSITIVE_INFINITY;
  #idleSince = 0;
  #lastStreamId = Number.POSITIVE_INFINITY;
  #open = false;
  #retired = false;
  #heardAt = performance.now();
  /** How much had come when the server was asked before a call. If no more comes, it is not asked again: see above. */
  #bytesAtAsk = -1;
  #asking: NodeJS.Timeout | undefined;
  #pinging = false;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #doubted = false;
  /** Whether a call got an answer on it. */
  proven = false;
  /** Why it ended. */
  cause: Error | undefined;

  /** Ends if the server has not said within `connectMs` that it speaks HTTP/2. */
  constructor(
    address: SocketAddress,
    tls: TlsOptions | undefined,
    settings: ConnectionSettings,
    connectMs: number,
    to: ClientConnectionListener,
  ) {
    this.#listener = to;
    this.#settings = settings;
    this.#session = connect(`http://${"path" in address ? "localhost" : showAddress(address)}`, {
      createConnection: () => {
        this.#socket = openSocket(address, tls);
        return this.#socket;
      },
      // The default, 10 MB, is less than what many slow readers may hold by the windows below, and breaks the connection.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
    });
    this.#connecting = setTimeout(() => {
      this.#connecting = setTimeout(() => this.#end("no HTTP/2 settings in time"), LAST_LOOK_MS).unref();
    }, connectMs).unref();
    this.#session.on("remoteSettings", ({ maxConcurrentStreams }) => {
      this.#maxCalls = maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      if (this.#open) this.#listener.onFree();
      else this.#opened();
    });
    this.#session.on("goaway", (_code, lastStreamId) => {
      this.#lastStreamId = lastStreamId;
      this.#retire();
    });
    this.#session.on("error", (error) => {
      this.cause ??= error;
    });
    this.#session.on("close", () => this.#retire());
  }

  /** How many more calls the server takes; less than 1 if it takes no more. */
  get room(): number {
    const usable = this.#open && !this.#retired && !this.#session.closed && !this.#session.destroyed;
    return usable ? this.#maxCalls - this.#calls : 0;
  }

  /** Whether the server is being asked before a call, and may still answer at once. */
  get asking(): boolean {
    return this.#asking !== undefined;
  }

  /** Asks a server that has not been heard of for a while, where there are others; it is `doubted` until it answers. */
  askIfStale(): void {
    if (performance.now() - this.#heardAt < STALE_MS || this.#pinging || !this.#listener.hasSeveral) return;
    if (this.#socket?.bytesRead === this.#bytesAtAsk) return;
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
    return this.#session.destroyed;
  }

  /** Opens a stream; it is given back with release(). Throws for fields that cannot be sent. */
  request(fields: readonly string[], call: UnansweredCall): ClientHttp2Stream {
    const stream = this.#session.request(fields);
    if (this.#calls++ === 0) this.#session.ref();
    this.#unanswered.add(call);
    this.#watch ??= setTimeout(() => this.#onQuietTime(), QUIET_MS).unref();
    return stream;
  }

  /** The answer to a call has begun. */
  answered(call: UnansweredCall): void {
    this.#unanswered.delete(call);
    this.#heardAt = performance.now();
  }

  release(call: UnansweredCall): void {
    this.#unanswered.delete(call);
    if (this.#calls-- === this.#maxCalls) this.#listener.onFree();
    if (this.#calls > 0) return;
    this.#session.unref();
    this.#idleSince = performance.now();
  }

  /** Whether the server has certainly not looked at this stream, so that the call may be made again elsewhere. */
  refused(stream: ClientHttp2Stream): boolean {
    return (
      stream.id === undefined || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || stream.id > this.#lastStreamId
    );
  }

  /** A call got no answer in time: asks whether the server is still there, once a second at most, and is `doubted` until it says so. */
  doubt(): void {
    if (!this.#pinging && performance.now() - this.#pingedAt < DOUBT_MS) return;
    this.#doubted = true;
    this.#ping();
  }

  /** Lets calls in flight end. */
  close(): void {
    this.#session.close();
    if (!this.#open) this.#end("the client is closed");
  }

  #opened(): void {
    this.#open = true;
    clearTimeout(this.#connecting);
    this.#session.setLocalWindowSize(CONNECTION_WINDOW);
    const { keepaliveMs, idleMs } = this.#settings;
    this.#tick = setInterval(() => this.#onTick(), Math.min(keepaliveMs, idleMs)).unref();
    this.#idleSince = performance.now();
    if (this.#calls === 0) this.#session.unref();
    this.#listener.onOpen(this);
  }

  #onQuietTime(): void {
    const { oldest } = this.#unanswered;
    const bytes = this.#socket?.bytesRead ?? 0;
    const isQuiet = oldest !== undefined && oldest === this.#seen.oldest && bytes === this.#seen.bytes;
    this.#seen = { oldest, bytes };
    if (isQuiet && bytes !== this.#bytesAtPong) {
      this.#doubted = true;
      this.#ping();
      if (performance.now() - this.#pingedAt >= 2 * QUIET_MS && this.#listener.hasAlternative()) {
        for (const call of this.#unanswered) call.onHung();
      }
    }
    const goesOn = oldest !== undefined && !this.#session.destroyed;
    this.#watch = goesOn ? setTimeout(() => this.#onQuietTime(), QUIET_MS).unref() : undefined;
  }

  #onTick(): void {
    if (this.#calls > 0) this.#ping();
    else if (performance.now() - this.#idleSince >= this.#settings.idleMs) this.#session.close();
  }

  #ping(): void {
    if (this.#pinging || this.#session.destroyed) return;
    this.#pinging = true;
    this.#pingedAt = performance.now();
    const doubt = setTimeout(() => {
      this.#doubted = true;
    }, DOUBT_MS).unref();
    const dead = setTimeout(() => this.#end("no answer to a ping"), this.#settings.keepaliveTimeoutMs).unref();
    this.#session.ping(() => {
      clearTimeout(doubt);
      clearTimeout(dead);
      this.#pinging = false;
      this.#doubted = false;
      this.#heardAt = performance.now();
      const bytes = this.#socket?.bytesRead ?? 0;
      if (this.#asking === undefined) this.#bytesAtPong = bytes;
      else this.#bytesAtAsk = bytes;
      clearTimeout(this.#asking);
      this.#asking = undefined;
      this.#listener.onFree();
    });
  }

  #end(reason: string): void {
    this.cause ??= new Error(reason);
    this.#session.destroy(this.cause);
  }

  #retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    clearTimeout(this.#connecting);
    clearTimeout(this.#asking);
    clearInterval(this.#tick);
    this.#listener.onRetired(this);
  }
}
