import type { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { create, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Budget, StreamHolder, Wait } from "../budget.ts";
import { noRoom } from "../errors.ts";
import { incompleteFrame } from "../frame-queue.ts";
import { parseRequest } from "../parse-request.ts";
import { CallContext, type CallStream, callOf } from "./call-context.ts";
import { decompress } from "./compression.ts";
import { Deframer, type Frame, wholeFrame } from "./framing.ts";
import { RequestStream } from "./request-stream.ts";
import type { Route } from "./route.ts";

// An Http2Stream pays for each listener, so there are few, and all calls share them.
function onData(this: CallStream<CallInput>, chunk: Buffer): void {
  callOf(this).onData(chunk);
}
function onEnd(this: CallStream<CallInput>): void {
  callOf(this).onEnd();
}

/** About what an open call costs beside its headers and messages, with what its handler needs: interceptors, spans, calls of its own. */
const CALL_BYTES = 16 << 10;
/** That covers messages up to this size. */
const COVERED_BYTES = 1024;

/** The request half of a call: reads the one message, or feeds the request stream. */
export abstract class CallInput extends CallContext implements StreamHolder {
  /** Whether the client has sent its last message. */
  inputEnded = false;
  /** When a sweep first found that it is the client's turn; 0 again whenever it does something. */
  stalledSince = 0;
  heldBytes = 0;
  sequence: number;
  readonly budget: Budget;
  protected requests: RequestStream | undefined;
  /** Whether the handler was called. */
  protected running = false;
  #message: Frame | undefined;
  #deframer: Deframer | undefined;
  #fault: ConnectError | undefined;

  constructor(stream: ServerHttp2Stream, requestFields: IncomingHttpHeaders, route: Route, budget: Budget) {
    super(stream, requestFields, route);
    this.budget = budget;
    this.sequence = budget.nextSequence();
  }

  /** Calls the handler. */
  protected abstract run(): void;
  abstract get waits(): Wait;
  abstract evict(): void;
  abstract onPiece(bytes: number, isWhole: boolean): void;

  get requestEncoding(): string | undefined {
    return this.requestFields["grpc-encoding"] as string | undefined;
  }

  /** Begins to read; `ended` if no message will come. */
  start(ended: boolean, headerBytes: number): void {
    if (!this.budget.hold(this, CALL_BYTES + headerBytes)) {
      this.fail(noRoom());
      return;
    }
    this.inputEnded = ended;
    const { singleRequest } = this.route;
    if (!singleRequest) this.requests = new RequestStream(this);
    if (ended) this.requests?.end();
    else {
      this.stream.on("data", onData);
      this.stream.on("end", onEnd);
    }
    if (!singleRequest) this.#run();
    else if (ended) this.#missingMessage();
  }

  onData(chunk: Buffer): void {
    if (this.finished || this.#fault !== undefined) return;
    this.stalledSince = 0;
    if (this.requests !== undefined) {
      this.requests.push(chunk);
      return;
    }
    if (this.#message === undefined && this.#deframer === undefined) {
      this.#message = wholeFrame(chunk, this.route.limits.readMaxBytes);
      if (this.#message !== undefined) {
        if (this.#message.data.length > COVERED_BYTES) this.#hold(this.#message.data.length); // shorter ones are covered
        return; // one whole message in one chunk: no deframer
      }
    }
    try {
      this.#deframe(chunk);
    } catch (error) {
      this.refuse(error);
    }
  }

  #deframe(chunk: Buffer): void {
    const frames: Frame[] = [];
    this.#deframer ??= new Deframer(this.route.limits.readMaxBytes);
    this.#deframer.push(chunk, frames);
    this.onPiece(chunk.length, frames.length > 0);
    for (const frame of frames) {
      if (this.#message !== undefined) throw new ConnectError("received extra input message", Code.Unimplemented);
      this.#message = frame;
    }
    this.#hold(chunk.length);
  }

  #hold(bytes: number): void {
    if (!this.budget.hold(this, bytes)) this.fail(noRoom());
  }

  onEnd(): void {
    this.inputEnded = true;
    if (this.finished) return;
    if (this.requests !== undefined) this.requests.end();
    else if (this.#fault !== undefined) return;
    else if (this.#deframer !== undefined && this.#deframer.partialBytes > 0) this.refuse(incompleteFrame());
    else if (this.#message === undefined) this.#missingMessage();
    else this.#run();
  }

  #missingMessage(): void {
    this.refuse(new ConnectError("missing input message", Code.Unimplemented));
  }

  /** The one message cannot be had. Interceptors see the call nevertheless, as one that failed for this reason. */
  refuse(reason: unknown): void {
    if (this.finished || this.running) return;
    this.#fault = ConnectError.from(reason);
    this.#message = undefined;
    this.#deframer = undefined;
    this.#run();
  }

  /** Lets go of what was read: the stream, and with it the call, may stay for a while. */
  protected dropInput(reason: unknown): void {
    this.#message = undefined;
    this.#deframer = undefined;
    this.requests?.fail(reason);
  }

  /** At once if the handler reads a stream, else when the one message and the request's end are in. */
  #run(): void {
    this.running = true;
    this.run();
  }

  /** Whether the client owes the rest of a message. */
  get owesRequest(): boolean {
    return !this.inputEnded && this.#fault === undefined && (this.requests === undefined || this.requests.stalled);
  }

  /** Whether the handler of a request stream waits for the next message. */
  get rests(): boolean {
    return !this.inputEnded && this.requests?.reading === true;
  }

  /** The message of a single request; throws, or rejects, if it cannot be read. */
  message(): Message | Promise<Message> {
    if (this.#fault !== undefined) throw this.#fault;
    const message = this.#message!;
    this.#message = undefined;
    this.#deframer = undefined;
    if (message.flag === 0) return this.parse(message.data);
    const bytes = decompress(message, this.requestEncoding, this.route.limits.readMaxBytes);
    return bytes instanceof Promise ? bytes.then((b) => this.parse(b)) : this.parse(bytes);
  }

  /** An empty message, in the place of one that cannot be read. */
  emptyMessage(): Message {
    return create(this.route.method.input);
  }

  /** The messages of a request stream. */
  messages(): AsyncIterable<Message> {
    return this.requests!.messages();
  }

  parse(bytes: Uint8Array): Message {
    return parseRequest(this.route.method.input, bytes);
  }
}
