import type { Buffer } from "node:buffer";
import type { ConnectError } from "@connectrpc/connect";
import type { Fields } from "../../../http2/fields.ts";
import { ErrorCode } from "../../../http2/protocol.ts";
import type { Http2Stream } from "../../../http2/stream.ts";
import type { StreamListener } from "../../../http2/stream-listener.ts";
import { deadlineExceeded, grpcTimeoutMs, MAX_TIMER_MS, reasonOfLeaving } from "../../timeouts.ts";
import type { Wait } from "../budget.ts";
import { type EndReason, finished } from "../calls/end-reason.ts";
import type { MessageInit } from "../calls/message.ts";
import type { Connection, OpenCall } from "../connection.ts";
import { discardRequest } from "../discard.ts";
import { noRoom, requestTooSlow, visibleError } from "../errors.ts";
import { GrpcContext } from "./context.ts";
import { type Entry, enter } from "./entry.ts";
import { RequestReader } from "./request-reader.ts";
import { ResponseWriter } from "./response-writer.ts";
import type { ServedMethod } from "./served-method.ts";

/** A method and its handler: `run` reads a call's request, calls the handler, and answers or fails the call. */
export type Route = ServedMethod & { readonly run: (call: GrpcCall) => void };

/** A call that is reset sooner, before it came to its handler, is not seen by interceptors: floods of such calls must cost little. */
const SEEN_MS = 50;
const onDeadline = (call: GrpcCall) => call.fail(deadlineExceeded());

/** A gRPC call until its client has taken the answer: `request` reads, the route's `run` calls the handler, `response` answers. */
export class GrpcCall implements OpenCall, StreamListener {
  readonly stream: Http2Stream;
  readonly request: RequestReader;
  readonly response: ResponseWriter;
  readonly context: GrpcContext;
  readonly isStream: boolean;
  /** Called if the call ends before its response stream does. */
  onCancel: (() => void) | undefined;
  entry: Entry | undefined;
  heldBytes = 0;
  index = -1;
  sequence: number;
  stalledSince = 0;
  readonly #route: Route;
  readonly #connection: Connection;
  readonly #startedAt = performance.now();
  readonly #timeoutMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #handled = false;
  #finished = false;

  /** Throws INVALID_ARGUMENT for a bad grpc-timeout. */
  constructor(stream: Http2Stream, fields: Fields, route: Route, connection: Connection) {
    this.#timeoutMs = grpcTimeoutMs(fields["grpc-timeout"]);
    this.stream = stream;
    this.isStream = route.desc.methodKind !== "unary";
    this.sequence = connection.budget.nextSequence();
    this.#route = route;
    this.#connection = connection;
    this.request = new RequestReader(stream, fields, route, this, connection.budget);
    this.response = new ResponseWriter(stream, fields, route, this, connection.budget);
    const timeoutMs = this.#timeoutMs ?? route.timeoutMs ?? Infinity;
    this.context = new GrpcContext(fields, route, this.response, this.#startedAt + timeoutMs, connection.info);
    if (timeoutMs <= MAX_TIMER_MS) this.#timer = setTimeout(onDeadline, timeoutMs, this);
    stream.listener = this;
    connection.begin(this);
  }

  /** A single request comes to its handler when it is complete, a stream at once. */
  start(): void {
    if (!this.#route.singleRequest) this.#connection.whenRead(this);
  }

  /** Ends a call that was not started, and that somebody else answers. */
  dismiss(reason: ConnectError): void {
    this.#close(reason);
    this.#settle();
  }

  onData(chunk: Buffer): void {
    if (this.#finished) return;
    this.stalledSince = 0;
    try {
      if (this.request.push(chunk)) this.#connection.whenRead(this);
    } catch (error) {
      this.fail(error);
    }
  }

  onHold(bytes: number): void {
    if (!this.#finished && !this.#connection.budget.holdMore(this, bytes)) this.evict();
  }

  onEnd(): void {
    if (this.request.end() && !this.#finished) this.#connection.whenRead(this);
  }

  onPiece(bytes: number, isWhole: boolean): void {
    this.#connection.onPiece(bytes, isWhole);
  }

  /** Comes to its handler, if there is room. */
  proceed(): void {
    if (!this.#finished) enter(this.#route.gate, this);
  }

  /** Comes to its handler, once. A call that failed before only passes the interceptors. */
  run(fault?: ConnectError): void {
    if (this.#handled) return;
    this.#handled = true;
    if (fault !== undefined) this.request.refuse(fault);
    this.#route.run(this);
  }

  /** Answers with the single response message. Head, message and trailers are sent together. */
  reply(message: MessageInit): void {
    try {
      const bytes = this.response.encode(message);
      if (!(bytes instanceof Promise)) this.#finish(bytes);
      else bytes.then((b) => this.#finish(b)).catch((error: unknown) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Writes a message of a response stream. If it returns a promise, wait for it: the client or the compression is behind. */
  write(message: MessageInit): Promise<void> | undefined {
    const bytes = this.response.encode(message);
    return bytes instanceof Promise ? bytes.then((b) => this.#write(b)) : this.#write(bytes);
  }

  /** Ends a response stream with success. */
  end(): void {
    this.#finish(undefined);
  }

  /** Ends the call with an error. */
  fail(reason: unknown): void {
    if (this.#finished) return;
    const error = visibleError(reason, this.#route.onError, this.#route.desc);
    if (!this.#handled) {
      this.run(error);
      return;
    }
    this.#close(error);
    try {
      if (this.stream.closed) this.#settle();
      else this.response.fail(error);
    } catch (broken) {
      this.#breakOff(broken);
    }
  }

  #write(bytes: Buffer): Promise<void> | undefined {
    if (this.gone || this.response.write(bytes) || this.gone) return undefined;
    if (this.response.hold()) return this.response.drained();
    return void this.evict();
  }

  #finish(bytes: Buffer | undefined): void {
    if (this.gone) {
      this.cancel();
      return;
    }
    try {
      this.response.prepareEnd();
      this.onCancel = undefined;
      if (this.response.holdLast(bytes)) {
        this.#close(finished);
        this.response.end(bytes);
      } else this.evict();
    } catch (broken) {
      this.#breakOff(broken);
    }
  }

  onDrain(): void {
    this.stalledSince = 0;
    this.response.onDrain();
  }

  onSent(): void {
    this.#connection.resets.answered();
    this.#settle();
    if (!this.request.ended) discardRequest(this.stream);
  }

  onClose(): void {
    this.cancel();
  }

  /** Whether there is nothing left to do, or nobody to answer. */
  get gone(): boolean {
    return this.#finished || this.stream.closed;
  }

  get waits(): Wait {
    if (this.request.isOwed || this.response.isUntaken) return "client";
    return this.request.rests || (this.#handled && this.isStream) ? "rest" : undefined;
  }

  cancel(): void {
    this.#settle();
    if (this.#finished) return;
    const now = performance.now();
    const livedMs = now - this.#startedAt;
    const reason = reasonOfLeaving(livedMs, this.#timeoutMs);
    this.#close(reason);
    this.#connection.onReset(now, livedMs, this.#timeoutMs);
    if (livedMs >= SEEN_MS) this.run(reason);
  }

  evict(): void {
    this.giveUp(noRoom());
  }

  /** Ends the call with an error, or with a reset if the client does not take what it was sent: it would not take the error either. */
  giveUp(error = requestTooSlow()): void {
    if (this.response.untakenBytes === 0) this.fail(error);
    else {
      if (!this.#finished) this.#close(error);
      this.stream.reset(ErrorCode.CANCEL);
    }
    this.#settle();
  }

  /** Something cannot be sent, such as a header with an invalid character. */
  #breakOff(error: unknown): void {
    if (!this.#finished) this.#close(finished);
    this.#settle();
    this.#route.onError(error, this.#route.desc);
    this.stream.reset(ErrorCode.INTERNAL_ERROR);
  }

  /** The outcome is decided: stops the timer and everything that waits. */
  #close(reason: EndReason): void {
    this.#finished = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.context.abort(reason);
    this.request.drop(reason);
    this.response.stopWaiting();
    this.onCancel?.();
    this.onCancel = undefined;
    this.entry?.leave(reason);
  }

  /** Everything is sent: frees what the call holds. */
  #settle(): void {
    this.#connection.end(this);
    this.response.untakenBytes = 0;
    this.#connection.budget.releaseAll(this);
  }
}
