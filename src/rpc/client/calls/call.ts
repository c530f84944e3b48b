import type { Buffer } from "node:buffer";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Fields } from "../../../http2/fields.ts";
import { ErrorCode } from "../../../http2/protocol.ts";
import type { Http2Stream } from "../../../http2/stream.ts";
import type { StreamListener } from "../../../http2/stream-listener.ts";
import { gzipFrame } from "../../server/grpc/compression.ts";
import { frame } from "../../server/grpc/framing.ts";
import { MAX_TIMER_MS } from "../../timeouts.ts";
import type { WaitingCall } from "../connections/balancer.ts";
import type { CallConnection } from "../connections/call-connection.ts";
import type { Subchannel } from "../connections/subchannel.ts";
import { abortError } from "../wire.ts";
import { attemptFields, type CallStart, PREVIOUS_ATTEMPTS } from "./call-start.ts";
import { Retries } from "./retries.ts";
import { resetError, responseFault, statusError, timedOut, unreachable } from "./status.ts";

/** A call that the server certainly did not look at is made again, whatever the policy: once if it reset it, thrice if it went away. */
const MAX_REPEATS = { reset: 1, gone: 3 };

/** One RPC: it waits for a connection, is sent on a stream, and on another one if that fails and may be tried again. */
export abstract class Call<D extends DescMethod = DescMethod> implements WaitingCall, StreamListener {
  protected readonly start: CallStart<D>;
  protected stream: Http2Stream | undefined;
  /** Of the response. Once they are here, the call is not tried again. */
  protected header: Fields | undefined;
  /** Why the call failed. */
  protected failure: ConnectError | undefined;
  /** The outcome is known; nothing that still comes matters. */
  protected over = false;
  index = -1;
  number = 0;
  #connection: CallConnection | undefined;
  #subchannel: Subchannel | undefined;
  /** An object with handleEvent() is wrapped by Node into a closure that V8 keeps, with the call, until the next full garbage collection. */
  readonly #abortListener = this.onAbort.bind(this);
  #deadlineTimer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #retries: Retries | undefined;
  #previous = 0;
  #repeats = 0;
  #lastFailure: ConnectError | undefined;

  constructor(start: CallStart<D>) {
    this.start = start;
  }

  get waitForReady(): boolean {
    return this.start.channel.waitForReady;
  }

  get isStream(): boolean {
    return this.start.method.desc.methodKind !== "unary";
  }

  /** Sends the request, for the first time or again. */
  protected abstract send(stream: Http2Stream): void;
  /** Whether send() can do so once more. */
  protected abstract get repeatable(): boolean;
  abstract onData(chunk: Buffer): void;
  abstract onDrain(): void;
  /** The response has begun. */
  protected opened(): void {}
  /** The call is over, with `failure` if it failed. */
  protected abstract finish(trailer: Fields | undefined): void;

  begin(): void {
    const { channel, signal, deadline } = this.start;
    if (signal?.aborted) {
      this.onAbort();
      return;
    }
    signal?.addEventListener("abort", this.#abortListener);
    if (deadline !== Number.POSITIVE_INFINITY) {
      const ms = deadline - Date.now();
      if (ms <= MAX_TIMER_MS) this.#deadlineTimer = setTimeout(onDeadline, Math.max(ms, 0), this);
    }
    channel.balancer.assign(this);
  }

  open(connection: CallConnection, subchannel: Subchannel): void {
    try {
      this.stream = connection.request(this.start.fields, attemptFields(this.start, this.#previous), this);
    } catch (error) {
      this.fail(ConnectError.from(error, Code.Internal));
      return;
    }
    this.#connection = connection;
    this.#subchannel = subchannel;
    this.send(this.stream);
  }

  /** No server can be reached. That is no attempt, so no policy repeats it. */
  refuse(cause: Error): void {
    this.#failWith(unreachable(this.start.method.path, cause), undefined);
  }

  /** Ends the call from this side, with the first reason. */
  fail(reason: unknown): void {
    if (!this.over) this.#end(ConnectError.from(reason), undefined);
  }

  /** The caller's signal aborts. */
  onAbort(): void {
    this.fail(abortError(this.start.signal!));
  }

  /** The deadline is over. */
  onDeadline(): void {
    if (this.header === undefined) this.#connection?.doubt();
    this.fail(this.#timedOut());
  }

  /** The attempt is made elsewhere, at once, if the policy has another for a server that is away. Otherwise the call goes on waiting. */
  onHung(): void {
    if (!this.#retriable?.move(Code.Unavailable)) return;
    this.#subchannel!.report(false);
    this.#again(unreachable(this.start.method.path, new Error("the server hangs")), 0);
  }

  onHeaders(header: Fields, endsStream: boolean): void {
    this.#connection!.proven = true;
    this.#connection!.answered(this);
    const fault = endsStream ? undefined : responseFault(header);
    if (endsStream) this.onEnd(header);
    else if (fault !== undefined) this.#endAttempt(fault, undefined);
    else {
      this.header = header;
      if (this.#previous > 0) header[PREVIOUS_ATTEMPTS] = String(this.#previous);
      this.opened();
    }
  }

  onEnd(trailer: Fields | undefined): void {
    const error =
      trailer === undefined ? resetError(ErrorCode.NO_ERROR, this.header) : statusError(this.header, trailer);
    if (error !== undefined) {
      this.#endAttempt(isTimeout(error.code) && this.#isLate() ? this.#timedOut() : error, trailer);
      return;
    }
    this.start.channel.settings.methods.throttle?.succeeded();
    this.#subchannel!.report(true);
    this.#end(undefined, trailer);
  }

  onSent(): void {}

  /** The stream is over before its answer was. */
  onClose(stream: Http2Stream): void {
    const connection = this.#connection!;
    if (this.#mayRepeat(connection, stream)) {
      this.#repeats++;
      this.#leave();
      this.start.channel.balancer.assign(this);
    } else if (this.#isLate()) this.fail(this.#timedOut());
    else if (connection.lost) this.#endAttempt(unreachable(this.start.method.path, connection.cause), undefined);
    else this.#endAttempt(resetError(stream.rstCode, this.header), undefined);
  }

  protected encode(message: Message): Buffer | Promise<Buffer> {
    const bytes = this.start.method.serialize(message);
    return this.start.channel.settings.gzip ? gzipFrame(bytes) : frame(bytes);
  }

  #mayRepeat(connection: CallConnection, stream: Http2Stream): boolean {
    if (this.header !== undefined || !this.repeatable || !connection.refused(stream) || this.#isLate()) return false;
    const wasReset = stream.rstCode === ErrorCode.REFUSED_STREAM && !connection.lost;
    return this.#repeats < (wasReset ? MAX_REPEATS.reset : MAX_REPEATS.gone);
  }

  /** The attempt failed: the call does, too, unless its policy has another attempt. */
  #endAttempt(error: ConnectError, trailer: Fields | undefined): void {
    this.#subchannel?.report(error.code !== Code.Unavailable);
    const pause = this.#pauseAfter(error, trailer);
    if (pause === undefined) {
      this.#failWith(error, trailer);
      return;
    }
    this.#again(error, pause);
  }

  #again(error: ConnectError, pause: number): void {
    this.#previous++;
    this.#lastFailure = error;
    this.#leave();
    this.#pause = setTimeout(() => this.start.channel.balancer.assign(this), pause);
  }

  #failWith(error: ConnectError, trailer: Fields | undefined): void {
    if (this.#previous > 0) error.metadata.set(PREVIOUS_ATTEMPTS, String(this.#previous));
    this.#end(error, trailer);
  }

  #pauseAfter({ code }: ConnectError, trailer: Fields | undefined): number | undefined {
    return this.#retriable?.pauseAfter(code, trailer?.["grpc-retry-pushback-ms"] as string | undefined);
  }

  get #retriable(): Retries | undefined {
    const { setting, channel } = this.start;
    if (setting.retries === undefined || this.header !== undefined || !this.repeatable) return undefined;
    this.#retries ??= new Retries(setting.retries, channel.settings.methods.throttle);
    return this.#retries;
  }

  #isLate(): boolean {
    return Date.now() + 1 >= this.start.deadline;
  }

  #timedOut(): ConnectError {
    const { path } = this.start.method;
    const state = this.#connection === undefined ? "no connection yet" : `no answer from ${this.#subchannel!.name}`;
    const last = this.#lastFailure;
    return timedOut(path, last === undefined ? state : `${state}; the attempt before: ${last.rawMessage}`);
  }

  #end(failure: ConnectError | undefined, trailer: Fields | undefined): void {
    const { signal, channel } = this.start;
    this.over = true;
    this.failure = failure;
    clearTimeout(this.#deadlineTimer);
    clearTimeout(this.#pause);
    signal?.removeEventListener("abort", this.#abortListener);
    if (this.stream === undefined) channel.balancer.forget(this);
    this.finish(trailer);
    this.#leave();
  }

  /** Nothing more is heard of the stream. */
  #leave(): void {
    const { stream } = this;
    if (stream === undefined) return;
    this.stream = undefined;
    stream.listener = undefined;
    // In a usual call, both sides have sent everything by now.
    if (!stream.remoteEnded) stream.reset(ErrorCode.CANCEL);
    else if (!stream.sent) stream.reset(ErrorCode.NO_ERROR);
    this.#connection!.release(this);
    this.#connection = undefined;
    this.#subchannel = undefined;
  }
}

function onDeadline(call: Call): void {
  call.onDeadline();
}

/** A server that cancels at the deadline may be ahead of our timer. */
const isTimeout = (code: Code): boolean => code === Code.Canceled || code === Code.DeadlineExceeded;
