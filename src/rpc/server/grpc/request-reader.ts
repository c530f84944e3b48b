import type { Buffer } from "node:buffer";
import { create, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Fields } from "../../../http2/fields.ts";
import type { Http2Stream } from "../../../http2/stream.ts";
import type { Budget, StreamHolder } from "../budget.ts";
import { type EndReason, errorOf } from "../calls/end-reason.ts";
import { noRoom } from "../errors.ts";
import { FrameQueue, incompleteFrame } from "../frame-queue.ts";
import { parseRequest } from "../parse-request.ts";
import { decompress } from "./compression.ts";
import { Deframer, type Frame, wholeFrame } from "./framing.ts";
import type { ServedMethod } from "./served-method.ts";

/** Smaller messages are covered by what each call is counted for anyway. */
const COVERED_BYTES = 1024;

/** The request half of a call: reads the single message, or queues those of a stream. */
export class RequestReader {
  /** Whether the client has sent its last message. */
  ended = false;
  readonly #method: ServedMethod;
  readonly #encoding: string | undefined;
  readonly #holder: StreamHolder;
  readonly #budget: Budget;
  /** The messages of a stream; undefined if the request is a single one. */
  readonly #queue: FrameQueue | undefined;
  #message: Frame | undefined;
  #deframer: Deframer | undefined;
  #fault: ConnectError | undefined;

  /** What is read is counted for the holder. */
  constructor(stream: Http2Stream, fields: Fields, method: ServedMethod, holder: StreamHolder, budget: Budget) {
    this.#method = method;
    this.#encoding = fields["grpc-encoding"] as string | undefined;
    this.#holder = holder;
    this.#budget = budget;
    this.#queue = method.singleRequest ? undefined : new FrameQueue(stream, holder, budget, method.limits.readMaxBytes);
  }

  /** Takes a chunk. True if the single message turns out to be unreadable, so that there is nothing to wait for. Throws if there is no room. */
  push(chunk: Buffer): boolean {
    if (this.#fault !== undefined) return false;
    if (this.#queue !== undefined) {
      this.#queue.push(chunk);
      return false;
    }
    if (this.#message === undefined && this.#deframer === undefined) {
      this.#message = wholeFrame(chunk, this.#method.limits.readMaxBytes);
      if (this.#message !== undefined) {
        const { length } = this.#message.data;
        if (length > COVERED_BYTES) this.#hold(length);
        return false; // one whole message in one chunk: no deframer
      }
    }
    try {
      this.#deframe(chunk);
    } catch (error) {
      return this.#refuse(error);
    }
    this.#hold(chunk.length);
    return false;
  }

  /** The client has sent everything. True if the single message is complete, or unreadable. */
  end(): boolean {
    this.ended = true;
    if (this.#queue !== undefined) {
      this.#queue.end();
      return false;
    }
    if (this.#fault !== undefined) return false;
    if (this.#deframer !== undefined && this.#deframer.partialBytes > 0) return this.#refuse(incompleteFrame());
    if (this.#message !== undefined) return true;
    return this.#refuse(new ConnectError("missing input message", Code.Unimplemented));
  }

  /** Why the request cannot be handed to the handler, if so. */
  get fault(): ConnectError | undefined {
    return this.#fault;
  }

  /** Gives up on the request. */
  refuse(reason: unknown): void {
    const error = ConnectError.from(reason);
    this.#fault ??= error;
    this.drop(error);
  }

  /** Frees what was read, for the stream, and with it the call, may stay for a while. */
  drop(reason: EndReason): void {
    this.#message = undefined;
    this.#deframer = undefined;
    if (this.#queue !== undefined) this.#queue.fail(errorOf(reason));
  }

  /** Whether the client owes the rest of a message. */
  get isOwed(): boolean {
    return !this.ended && this.#fault === undefined && (this.#queue === undefined || this.#queue.stalled);
  }

  /** Whether the handler of a request stream is waiting for the next message. */
  get rests(): boolean {
    return !this.ended && this.#queue?.reading === true;
  }

  /** The single message. Throws or rejects if it is unreadable. */
  message(): Message | Promise<Message> {
    if (this.#fault !== undefined) throw this.#fault;
    const frame = this.#message!;
    this.#message = undefined;
    this.#deframer = undefined;
    return frame.flag === 0 ? this.#parse(frame.data) : this.#decode(frame);
  }

  /** Stands in for a message that is unreadable. */
  emptyMessage(): Message {
    return create(this.#method.desc.input);
  }

  /** The messages of a request stream. */
  async *messages(): AsyncGenerator<Message, void, void> {
    const queue = this.#queue!;
    for (let frame = await queue.next(); frame !== undefined; frame = await queue.next()) {
      const message = this.#decode(frame);
      yield message instanceof Promise ? await message : message;
    }
  }

  #decode(frame: Frame): Message | Promise<Message> {
    const bytes = decompress(frame, this.#encoding, this.#method.limits.readMaxBytes);
    return bytes instanceof Promise ? bytes.then((b) => this.#parse(b)) : this.#parse(bytes);
  }

  #parse(bytes: Uint8Array): Message {
    return parseRequest(this.#method.desc.input, bytes);
  }

  #deframe(chunk: Buffer): void {
    const frames: Frame[] = [];
    this.#deframer ??= new Deframer(this.#method.limits.readMaxBytes);
    this.#deframer.push(chunk, frames);
    this.#holder.onPiece(chunk.length, frames.length > 0);
    for (const frame of frames) {
      if (this.#message !== undefined) throw new ConnectError("received extra input message", Code.Unimplemented);
      this.#message = frame;
    }
  }

  #hold(bytes: number): void {
    if (!this.#budget.hold(this.#holder, bytes)) throw noRoom();
  }

  /** Such a call is run nevertheless, so that interceptors see it fail. */
  #refuse(reason: unknown): true {
    this.refuse(reason);
    return true;
  }
}
