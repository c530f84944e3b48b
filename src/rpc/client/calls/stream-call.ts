import { Buffer } from "node:buffer";
import type { DescMethodStreaming, Message } from "@bufbuild/protobuf";
import type { StreamResponse } from "@connectrpc/connect";
import type { Fields } from "../../../http2/fields.ts";
import type { Http2Stream } from "../../../http2/stream.ts";
import { Deframer, type Frame } from "../../server/grpc/framing.ts";
import { CallHeaders } from "../call-headers.ts";
import type { Input } from "../input.ts";
import type { Resolvers } from "../wire.ts";
import { Call } from "./call.ts";
import type { CallStart } from "./call-start.ts";
import { incompleteMessage, messageBytes } from "./messages.ts";
import { ReplayBuffer } from "./replay-buffer.ts";
import { ResponseQueue } from "./response-queue.ts";

/** More unread bytes than this pause the stream, and flow control stops the server. */
const READ_AHEAD_BYTES = 64 << 10;

/** Opens a stream of any kind, as Wire#stream has it. */
export function openStream(
  start: CallStart<DescMethodStreaming>,
  messages: AsyncIterable<Message>,
  input: Input | undefined,
): Promise<StreamResponse> {
  return new Promise((resolve, reject) => {
    new StreamCall(start, messages, input, { resolve, reject }).begin();
  });
}

class StreamCall extends Call<DescMethodStreaming> {
  readonly #messages: AsyncIterable<Message>;
  readonly #input: Input | undefined;
  readonly #opened: Resolvers<StreamResponse>;
  readonly #trailer = new CallHeaders();
  readonly #deframer: Deframer;
  readonly #queue = new ResponseQueue((frame) => this.#decode(frame));
  readonly #sent = new ReplayBuffer();
  #sending = false;
  #sentAll = false;
  #onDrain: (() => void) | undefined;

  constructor(
    start: CallStart<DescMethodStreaming>,
    messages: AsyncIterable<Message>,
    input: Input | undefined,
    opened: Resolvers<StreamResponse>,
  ) {
    super(start);
    this.#messages = messages;
    this.#input = input;
    this.#opened = opened;
    this.#deframer = new Deframer(start.channel.settings.readMaxBytes);
  }

  protected send(stream: Http2Stream): void {
    const { messages = [] } = this.#sent;
    if (messages.length > 0) stream.write(messages.length === 1 ? messages[0]! : Buffer.concat(messages));
    if (this.#sentAll) stream.end();
    this.onDrain();
    if (this.#sending) return;
    this.#sending = true;
    this.#sendAll().catch((reason) => this.fail(reason));
  }

  protected get repeatable(): boolean {
    return this.#sent.messages !== undefined;
  }

  async #sendAll(): Promise<void> {
    for await (const message of this.#messages) {
      if (this.over) return;
      const bytes = this.encode(message);
      const behind = this.#write(bytes instanceof Promise ? await bytes : bytes);
      if (behind !== undefined) await behind;
    }
    this.#sentAll = true;
    this.stream?.end();
  }

  /** A promise means: wait for it, the server is behind, or there is no stream at the moment. */
  #write(bytes: Buffer): Promise<void> | undefined {
    if (this.over) return undefined;
    const { stream } = this;
    this.#sent.push(bytes, stream === undefined);
    if (stream?.write(bytes)) return undefined;
    return new Promise((resolve) => {
      this.#onDrain = resolve;
    });
  }

  onDrain(): void {
    const resolve = this.#onDrain;
    this.#onDrain = undefined;
    resolve?.();
  }

  #next(): Promise<IteratorResult<Message>> {
    const next = this.#queue.next();
    if (this.#queue.bytes === 0 && this.stream?.isPaused) this.stream.resume();
    return next;
  }

  #decode(frame: Frame): Message | Promise<Message> {
    try {
      const bytes = messageBytes(frame, this.header, this.start.channel.settings.readMaxBytes);
      if (!(bytes instanceof Promise)) return this.start.method.parse(bytes);
      const message = bytes.then((whole) => this.start.method.parse(whole));
      message.catch((error) => this.fail(error));
      return message;
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  onData(chunk: Buffer): void {
    const frames: Frame[] = [];
    let fault: unknown;
    try {
      this.#deframer.push(chunk, frames);
    } catch (error) {
      fault = error;
    }
    for (const frame of frames) this.#queue.push(frame);
    if (fault !== undefined) this.fail(fault);
    else if (this.#queue.bytes > READ_AHEAD_BYTES && this.stream?.remoteEnded === false) this.stream.pause();
  }

  /** What the stream holds is little, and the call need not wait for its consumer to be over. */
  onHeldEnd(): void {
    this.stream?.resume();
  }

  override onAbort(): void {
    this.#queue.clear();
    super.onAbort();
  }

  protected override opened(): void {
    const { desc } = this.start.method;
    this.#sent.release();
    this.#opened.resolve({
      stream: true,
      service: desc.parent,
      method: desc,
      header: new CallHeaders(this.header),
      trailer: this.#trailer,
      message: { [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) },
    });
  }

  protected finish(trailer: Fields | undefined): void {
    if (trailer !== undefined) this.#trailer.fill(trailer);
    if (this.failure === undefined && this.#deframer.partialBytes > 0) this.failure = incompleteMessage();
    this.#sent.release();
    // Has no effect if headers have come, and with them the response.
    if (this.failure === undefined) this.opened();
    else this.#opened.reject(this.failure);
    this.#queue.end(this.failure);
    this.onDrain();
    this.#input?.close(this.failure);
  }
}
