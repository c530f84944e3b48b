import type { Buffer } from "node:buffer";
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Connection } from "../connection.ts";
import { type CallStream, callOf } from "./call-context.ts";
import { CallInput } from "./call-input.ts";
import { gzipFrame } from "./compression.ts";
import { frame } from "./framing.ts";
import { type MessageInit, wholeMessage } from "./message.ts";
import { responseHead, trailersOnlyHead } from "./response-head.ts";
import type { Route } from "./route.ts";
import { discardRequest } from "./settle.ts";
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
const HEADERS_THEN_DATA = { waitForTrailers: true, sendDate: false };
const TRAILERS_ONLY = { endStream: true, sendDate: false };
const FINISHED = new ConnectError("the call is finished", Code.Canceled);

/** The response half of a call; what is before it reads the request. */
export class Call extends CallInput {
  /** Called once if the call ends before its response stream does. */
  onCancel: (() => void) | undefined;
  readonly #connection: Connection;
  #trailers: OutgoingHttpHeaders = OK_TRAILERS;
  #gzip = false;
  #timer: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  /** Throws INVALID_ARGUMENT for a bad grpc-timeout. */
  constructor(stream: ServerHttp2Stream, requestFields: IncomingHttpHeaders, route: Route, connection: Connection) {
    super(stream, requestFields, route);
    this.#connection = connection;
    const timeout = requestFields["grpc-timeout"];
    if (timeout !== undefined) {
      const ms = parseTimeout(String(timeout));
      this.deadline = performance.now() + ms;
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
    const error = this.#asConnectError(reason);
    const { stream, route } = this;
    this.#close(error);
    if (stream.destroyed || stream.closed) return;
    try {
      const trailers = trailersOf(error, this.customTrailer);
      this.#trailers = trailers;
      // A stream whose handler set response headers sends them as such; grpc-go shows only those to its application.
      const headers = route.method.methodKind !== "unary" && this.customHeader !== undefined;
      if (!stream.headersSent && headers) this.#sendHead();
      if (stream.headersSent) {
        stream.end();
        return;
      }
      stream.respond(trailersOnlyHead(this.requestFields["content-type"], this.customHeader, trailers), TRAILERS_ONLY);
      if (!this.inputEnded) discardRequest(stream);
    } catch (broken) {
      this.#breakOff(broken);
    }
  }

  cancel(): void {
    if (!this.finished) this.#close(new ConnectError("the client cancelled the call", Code.Canceled));
  }

  sendTrailers(): void {
    this.stream.sendTrailers(this.#trailers);
    if (!this.inputEnded) discardRequest(this.stream);
  }

  onDrain(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  #encode(message: MessageInit): Buffer | Promise<Buffer> {
    const { method, limits } = this.route;
    const bytes = toBinary(method.output, wholeMessage(method.output, message));
    if (bytes.length < limits.compressMinBytes || !this.#acceptsGzip()) return frame(bytes);
    this.#gzip = true;
    return gzipFrame(bytes);
  }

  #acceptsGzip(): boolean {
    const accepted = this.requestFields["grpc-accept-encoding"] as string | undefined;
    return accepted?.includes("gzip") === true && this.route.limits.compressMinBytes !== Infinity;
  }

  #sendHead(): void {
    this.stream.on("wantTrailers", onWantTrailers);
    const head = responseHead(this.requestFields["content-type"], this.#gzip, this.customHeader);
    this.stream.respond(head, HEADERS_THEN_DATA);
  }

  #write(bytes: Buffer): Promise<void> | undefined {
    if (this.gone) return undefined;
    if (!this.stream.headersSent) {
      this.#gzip ||= this.#acceptsGzip(); // a later message may be larger
      this.#sendHead();
      this.stream.on("drain", onDrain);
    }
    if (this.stream.write(bytes) || this.gone) return undefined;
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
      if (!stream.headersSent) this.#sendHead();
      const custom = this.customTrailer;
      if (custom !== undefined) this.#trailers = trailersOf(undefined, custom);
      this.onCancel = undefined;
      this.#close(FINISHED);
      if (bytes === undefined) stream.end();
      else stream.end(bytes);
    } catch (broken) {
      this.#breakOff(broken);
    }
  }

  #asConnectError(reason: unknown): ConnectError {
    if (reason instanceof ConnectError) return reason;
    this.route.onError(reason, this.method);
    return new ConnectError("internal error", Code.Internal, undefined, undefined, reason);
  }

  #close(reason: ConnectError): void {
    this.abortReason = reason;
    this.#connection.calls.delete(this);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.controller?.abort(reason);
    this.requests?.wake();
    if (this.#drained !== undefined) this.onDrain();
    const cancelled = this.onCancel;
    this.onCancel = undefined;
    cancelled?.();
  }

  /** Node refused what we sent, such as a header with a bad character. */
  #breakOff(error: unknown): void {
    if (!this.finished) this.#close(FINISHED);
    this.route.onError(error, this.method);
    if (!this.stream.destroyed) this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}
