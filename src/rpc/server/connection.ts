import type { Socket } from "node:net";
import type { ConnectError } from "@connectrpc/connect";
import type { Http2ConnectionOptions } from "../../http2/connection.ts";
import type { Fields, RawFields } from "../../http2/fields.ts";
import { ErrorCode, MAX_STREAM_ID } from "../../http2/protocol.ts";
import { ServerConnection } from "../../http2/server-connection.ts";
import type { Http2Stream } from "../../http2/stream.ts";
import { type ConnectionInfo, connectionInfoOf } from "../connection-info.ts";
import { type Indexed, IndexedSet } from "../indexed-set.ts";
import type { Budget, StreamHolder } from "./budget.ts";
import { connectionClosed } from "./errors.ts";
import type { ConnectionPolicy } from "./limits.ts";
import { PieceAllowance } from "./piece-allowance.ts";
import { PingAllowance } from "./ping-allowance.ts";
import { ResetAllowance } from "./reset-allowance.ts";

/** Some clients do not answer pings after GOAWAY. Calls that come later than this are for the client to retry. */
const DRAIN_PING_MS = 250;
/** What a connection that is cut gets to send what its calls were told. */
const CUT_MS = 100;

/** For so many gRPC streams at a time, a client may open more of them. */
const STREAMS_STEP = 100;

/** A gRPC call as its connection sees it. */
export type OpenCall = StreamHolder &
  Indexed & {
    /** Whether it may last as long as it likes. */
    readonly isStream: boolean;
    readonly request: { /** Whether the client owes the rest of a message. */ readonly isOwed: boolean };
    /** When a sweep first found it waiting for its client. The call resets it to 0 whenever the client does something. */
    stalledSince: number;
    /** See whenRead(). */
    proceed(): void;
    /** Called when its client has had time enough, or for another reason. */
    giveUp(reason?: ConnectError): void;
  };

export type ConnectionOptions = {
  readonly http2: Http2ConnectionOptions;
  readonly policy: ConnectionPolicy;
  readonly budget: Budget;
  /** A request has begun. */
  readonly onStream: (connection: Connection, stream: Http2Stream, fields: Fields, raw: RawFields) => void;
  /** Something threw that should not. */
  readonly onError: (error: unknown) => void;
  /** Comes once. */
  readonly onClose: (connection: Connection) => void;
};

/** An HTTP/2 connection and its policies: keepalive, age, idleness, stalled calls, floods of pings or resets, drain. */
export class Connection {
  /** Open calls, until their answer is taken. */
  readonly calls = new IndexedSet<OpenCall>();
  readonly budget: Budget;
  readonly info: ConnectionInfo;
  readonly resets: ResetAllowance;
  /** The number of streams so far, to see whether there were new ones since. */
  activity = 0;
  readonly #http2: ServerConnection;
  readonly socket: Socket;
  readonly #policy: ConnectionPolicy;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Number of open gRPC streams, and for how many of them there is room besides other calls. */
  #streams = 0;
  #streamsAllowed = 0;
  /** Number of open streams that are not gRPC calls. */
  #plainStreams = 0;
  #idle = { activity: 0, since: performance.now() };
  readonly #pings: PingAllowance;
  #pieces = new PieceAllowance();
  #draining = false;
  /** Calls for whenRead(). */
  #waiting: OpenCall[] = [];

  constructor(socket: Socket, options: ConnectionOptions) {
    const { policy, budget, onStream, onError, onClose } = options;
    this.socket = socket;
    this.#policy = policy;
    this.budget = budget;
    this.info = connectionInfoOf(socket, "2");
    this.resets = new ResetAllowance(policy.resetBurst, policy.resetsPerSecond, performance.now());
    this.#pings = new PingAllowance(policy.minPingIntervalMs, policy.maxPingStrikes);
    const { keepalive, maxConnectionAge } = policy;
    this.#http2 = new ServerConnection(socket, options.http2, {
      onStream: (stream, fields, raw) => onStream(this, stream, fields, raw),
      onRead: () => this.#onRead(),
      onPing: () => this.#onPing(),
      onClose: () => {
        this.#timers.forEach(clearTimeout);
        onClose(this);
      },
      onError,
    });
    if (keepalive !== undefined) {
      this.#timers.push(setInterval(() => this.#probe(keepalive.timeoutMs), keepalive.timeMs).unref());
    }
    if (maxConnectionAge !== undefined) {
      const jitter = 0.9 + Math.random() * 0.2; // so that the connections of a client do not all end at once
      const retire = () => this.#retire(maxConnectionAge.graceMs);
      this.#timers.push(setTimeout(retire, maxConnectionAge.ageMs * jitter).unref());
    }
  }

  /** Follows a gRPC call until end(). */
  begin(call: OpenCall): void {
    this.calls.add(call);
    this.activity++;
    if (call.isStream && ++this.#streams > this.#streamsAllowed) this.#allowMoreStreams();
  }

  /** Lets a call go on, once it is known that its client does not take it back with what came together with it. */
  whenRead(call: OpenCall): void {
    if (this.#http2.isReading) this.#waiting.push(call);
    else call.proceed();
  }

  #onRead(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call.proceed();
  }

  /** The call needs nothing more. */
  end(call: OpenCall): void {
    if (this.calls.delete(call) && call.isStream) this.#streams--;
  }

  /** Follows a stream that is not a gRPC call. */
  beginPlain(): void {
    this.activity++;
    this.#plainStreams++;
  }

  /** It is over; `livedMs`: after so long, and before it was answered. */
  endPlain(livedMs?: number): void {
    this.#plainStreams--;
    if (livedMs !== undefined) this.onReset(performance.now(), livedMs);
  }

  /** Since when the connection has been idle; undefined if a call or request is under way. */
  get idleSince(): number | undefined {
    if (this.calls.size > 0 || this.#plainStreams > 0) return undefined;
    // The end of the last call is not recorded. If there was a call since the last look, idleness begins now.
    if (this.#idle.activity !== this.activity) this.#idle = { activity: this.activity, since: performance.now() };
    return this.#idle.since;
  }

  /** Ends an idle connection. A call that is on its way is not lost: GOAWAY tells the client that it was not processed. */
  dismiss(): void {
    this.#http2.close();
  }

  /** Checks for stalled calls and for idleness, for which timers of their own would cost too much. `now` is performance.now(). */
  sweep(now: number): void {
    for (const call of this.calls) {
      if (call.waits !== "client") call.stalledSince = 0;
      else if (call.stalledSince === 0) call.stalledSince = now;
      else if (now - call.stalledSince >= this.#patience(call)) call.giveUp();
    }
    if (this.calls.size > 0 || this.#plainStreams > 0 || this.#idle.activity !== this.activity) {
      this.#idle = { activity: this.activity, since: now };
    } else if (now - this.#idle.since >= this.#policy.idleTimeoutMs) {
      this.drain();
    }
  }

  #patience({ request }: OpenCall): number {
    return request.isOwed ? this.#policy.readTimeoutMs : this.#policy.writeTimeoutMs;
  }

  /** The client reset a stream after `livedMs`; `deadlineMs` is the timeout that it had set. One reset too many ends the connection. */
  onReset(now: number, livedMs: number, deadlineMs?: number): void {
    if (this.resets.reset(now, livedMs, deadlineMs) || this.#http2.destroyed) return;
    this.#end("too_many_resets");
  }

  /** A DATA frame came; `isWhole`: it completed a message. Too many tiny ones end the connection. */
  onPiece(bytes: number, isWhole: boolean): void {
    if (!this.#pieces.take(bytes, isWhole) && !this.#http2.destroyed) this.#end("too_many_small_frames");
  }

  /**
   * Sends GOAWAY with the highest stream id: the client opens no more streams, but those on their way are still served. Once a ping has come
   * back, sends GOAWAY with the last id that was seen, and closes the connection after its last stream.
   */
  drain(): void {
    const http2 = this.#http2;
    if (this.#draining || http2.closed) return;
    this.#draining = true;
    http2.goaway(ErrorCode.NO_ERROR, MAX_STREAM_ID);
    const finish = () => {
      clearTimeout(timer);
      http2.close();
    };
    const timer = setTimeout(finish, DRAIN_PING_MS);
    this.#timers.push(timer);
    http2.ping(finish);
  }

  /** Cuts the connection: what was not sent is lost. */
  destroy(): void {
    this.#http2.destroy(undefined, ErrorCode.NO_ERROR);
    this.socket.destroy();
  }

  /**
   * Cuts it when its calls were told so, within CUT_MS: those that end without a status are internal errors to their clients, and trailers of
   * answers that have begun follow only in later turns of the loop.
   */
  cut(): void {
    for (const call of this.calls) call.giveUp(connectionClosed());
    this.#timers.push(setTimeout(() => this.destroy(), CUT_MS));
  }

  /** The limit never shrinks: the client may be about to use it. */
  #allowMoreStreams(): void {
    const { maxConcurrentCalls, maxConcurrentStreams } = this.#policy;
    if (maxConcurrentCalls + this.#streamsAllowed >= maxConcurrentStreams) return;
    this.#streamsAllowed += STREAMS_STEP;
    const allowed = Math.min(maxConcurrentCalls + this.#streamsAllowed, maxConcurrentStreams);
    this.#http2.announceMaxStreams(allowed);
  }

  #retire(graceMs: number): void {
    this.drain();
    this.#timers.push(setTimeout(() => this.cut(), graceMs).unref());
  }

  #probe(timeoutMs: number): void {
    if (this.#http2.destroyed) return;
    const dead = setTimeout(() => this.destroy(), timeoutMs).unref();
    this.#http2.ping(() => clearTimeout(dead));
  }

  #onPing(): void {
    const progress = { activity: this.activity, bytesSent: this.socket.bytesWritten };
    if (!this.#pings.take(performance.now(), progress)) this.#end("too_many_pings");
  }

  #end(reason: string): void {
    this.#http2.destroy(undefined, ErrorCode.ENHANCE_YOUR_CALM, reason);
  }
}
