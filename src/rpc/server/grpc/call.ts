import type { Buffer } from "node:buffer";
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Wait } from "../budget.ts";
import type { Connection } from "../connection.ts";
import { discardRequest } from "../discard.ts";
import { noRoom, requestTooSlow } from "../errors.ts";
import { type CallStream, callOf } from "./call-context.ts";
import { CallInput } from "./call-input.ts";
import { encode, mayCompress } from "./encode.ts";
import type { MessageInit } from "./message.ts";
import { HEADERS_THEN_DATA, responseHead, TRAILERS_ONLY, trailersOnlyHead } from "./response-head.ts";
import { asConnectError, type Route } from "./route.ts";
import { OK_TRAILERS, trailersOf } from "./status.ts";
import { parseTimeout } from "./timeout.ts";

function onDrain(this: CallStream<Call>): void {
  callOf(this).onDrain();
}
function onWantTrailers(this: CallStream<Call>): void {
  callOf(this).sendTrailers();
}
function onDeadline(call: Call): void {
  call.fail(new ConnectError("the operation timed out", Code.DeadlineExceeded));
}

const MAX_TIMER_MS = 2 ** 31 - 1;
const FINISHED = new ConnectError("the call is finished", Code.Canceled);
const cancelled = () => new ConnectError("the client cancelled the call", Code.Canceled);
/** The estimate of what a call costs covers an answer of this size. */
const COVERED_BYTES = 1024;

/** The response half of a call; what is before it reads the request. */
export class Call extends CallInput {
  /** Called once if the call ends before its response stream does. */
  onCancel: (() => void) | undefined;
  readonly #connection: Connection;
  readonly #startedAt = performance.now();
  #timeoutMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #trailers: OutgoingHttpHeaders = OK_TRAILERS;
  #gzip = false;
  #drained: (() => void) | undefined;
  #untaken = 0; // bytes of messages that the client has not taken

  /** Throws INVALID_ARGUMENT for a bad grpc-timeout. */
  constructor(stream: ServerHttp2Stream, requestFields: IncomingHttpHeaders, route: Route, connection: Connection) {
    super(stream, requestFields, route, connection.budget);
    this.#connection = connection;
    const timeout = requestFields["grpc-timeout"];
    if (timeout !== undefined) {
      const ms = parseTimeout(String(timeout));
      this.#timeoutMs = ms;
      this.deadline = this.#startedAt + ms;
      if (ms <= MAX_TIMER_MS) this.#timer = setTimeout(onDeadline, ms, this);
    }
    connection.calls.add(this);
    connection.activity++;
  }

  protected run(): void {
    this.route.run(this);
  }

  /** Answers with the one response message: headers, message and trailers leave together. */
  reply(message: MessageInit): void {
    try {
      const bytes = this.#encode(message);
      if (bytes instanceof Promise) {
        bytes.then(
          (b) => this.#finish(b),
          (error: unknown) => this.fail(error),
        );
      } else this.#finish(bytes);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Writes one message of a response stream. A promise means: wait for it, the client or the compression is behind. */
  write(message: MessageInit): Promise<void> | undefined {
    const bytes = this.#encode(message);
    return bytes instanceof Promise ? bytes.then((b) => this.#write(b)) : this.#write(bytes);
  }

  /** Ends a response stream with success. */
  end(): void {
    this.#finish(undefined);
  }

  /** Ends the call with an error; Trailers-Only if no headers were sent, because only such errors are retried by clients. */
  fail(reason: unknown): void {
    if (this.finished) return;
    const error = asConnectError(reason, this.route);
    const { stream, route } = this;
    this.#close(error);
    if (stream.destroyed || stream.closed) {
      this.#settle();
      return;
    }
    try {
      const trailers = trailersOf(error, this.customTrailer);
      this.#trailers = trailers;
      // A stream whose handler set response headers sends them as such; grpc-go shows only those to its application.
      const headers = route.method.methodKind !== "unary" && this.customHeader !== undefined;
      if (!stream.headersSent && headers) this.#sendHead();
      if (stream.headersSent) return void stream.end();
      stream.respond(trailersOnlyHead(this.requestFields["content-type"], this.customHeader, trailers), TRAILERS_ONLY);
      this.#settle();
      if (!this.inputEnded) discardRequest(stream);
    } catch (broken) {
      this.#breakOff(broken);
    }
  }

  cancel(): void {
    if (!this.finished) {
      this.#close(cancelled());
      const now = performance.now();
      this.#connection.onReset(now, now - this.#startedAt, this.#timeoutMs);
    }
    this.#settle();
  }

  get waits(): Wait {
    if (this.owesRequest || this.#untaken > 0) return "client";
    return this.rests || (this.running && this.route.method.methodKind !== "unary") ? "rest" : undefined;
  }

  onPiece(bytes: number, isWhole: boolean): void {
    this.#connection.onPiece(bytes, isWhole);
  }

  evict(): void {
    this.#drop(noRoom(), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** The client was given long enough. */
  giveUp(): void {
    this.#drop(requestTooSlow(), constants.NGHTTP2_CANCEL);
  }

  /** Ends the call; by a reset if the client does not take what it was sent, since it would not take the error either. */
  #drop(error: ConnectError, resetCode: number): void {
    if (this.#untaken === 0) this.fail(error);
    else {
      if (!this.finished) this.#close(error);
      this.stream.close(resetCode);
    }
    this.#settle();
  }

  sendTrailers(): void {
    this.#connection.resets.answered();
    this.#settle();
    this.stream.sendTrailers(this.#trailers);
    if (!this.inputEnded) discardRequest(this.stream);
  }

  onDrain(): void {
    this.budget.release(this, this.#untaken);
    this.#untaken = 0;
    this.stalledSince = 0;
    this.sequence = this.budget.nextSequence();
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  #encode(message: MessageInit): Buffer | Promise<Buffer> {
    const bytes = encode(message, this.route, this.requestFields["grpc-accept-encoding"]);
    this.#gzip ||= bytes instanceof Promise;
    return bytes;
  }

  #sendHead(): void {
    this.stream.on("wantTrailers", onWantTrailers);
    const head = responseHead(this.requestFields["content-type"], this.#gzip, this.customHeader);
    this.stream.respond(head, HEADERS_THEN_DATA);
  }

  #write(bytes: Buffer): Promise<void> | undefined {
    if (this.gone) return undefined;
    if (!this.stream.headersSent) {
      this.#gzip ||= mayCompress(this.route, this.requestFields["grpc-accept-encoding"]); // a later message may be larger
      this.#sendHead();
      this.stream.on("drain", onDrain);
    }
    if (this.stream.write(bytes) || this.gone) return undefined;
    const untaken = this.stream.writableLength;
    this.#untaken = untaken;
    if (!this.budget.hold(this, untaken)) {
      this.evict();
      return undefined;
    }
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #finish(bytes: Buffer | undefined): void {
    if (this.gone) {
      this.cancel();
      return;
    }
    const { stream } = this;
    try {
      const custom = this.customTrailer;
      if (custom !== undefined) this.#trailers = trailersOf(undefined, custom); // before the head, for it may be refused
      if (!stream.headersSent) this.#sendHead();
      this.onCancel = undefined;
      this.#untaken += bytes?.length ?? 1;
      if (this.#untaken > COVERED_BYTES && !this.budget.hold(this, this.#untaken)) {
        this.evict();
        return;
      }
      this.#close(FINISHED);
      if (bytes === undefined) stream.end();
      else stream.end(bytes);
    } catch (broken) {
      this.#breakOff(broken);
    }
  }

  #close(reason: ConnectError): void {
    this.abortReason = reason;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.controller?.abort(reason);
    this.dropInput(reason);
    if (this.#drained !== undefined) this.onDrain();
    const cancelled = this.onCancel;
    this.onCancel = undefined;
    cancelled?.();
  }

  /** Nothing is left to be sent. */
  #settle(): void {
    this.#connection.calls.delete(this);
    this.#untaken = 0;
    this.budget.releaseAll(this);
  }

  /** Node refused what we sent, such as a header with a bad character. */
  #breakOff(error: unknown): void {
    if (!this.finished) this.#close(FINISHED);
    this.#settle();
    this.route.onError(error, this.method);
    if (!this.stream.destroyed) this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}
