import { setImmediate } from "node:timers/promises";
import type { DescMethodStreaming, Message } from "@bufbuild/protobuf";
import type { StreamResponse } from "@connectrpc/connect";
import type { Metadata } from "@grpc/grpc-js";
import type { Input } from "../input.ts";
import { abortError, type Resolvers } from "../wire.ts";
import { ChannelCall, type ChannelStart } from "./channel-call.ts";
import { MetadataHeaders } from "./metadata-headers.ts";

/** How many messages are read before they are asked for: as many as a grpc-js stream buffers. */
const READ_AHEAD = 16;

/**
 * How many messages are sent before the event loop gets a turn. grpc-js takes the first megabyte of a stream without waiting, so a caller
 * with many messages at hand would block the whole process.
 */
const SEND_BURST = 128;

/**
 * Opens a stream of any kind, since on the wire all are the same. Resolves with the response headers; errors before them reject, later ones
 * come from the iterator of messages. As in Connect, that has no return(): abort the signal to cancel. `input` are the caller's own
 * messages, which interceptors may have wrapped into `messages`; it is closed at the end.
 */
export function openStreamOnChannel(
  start: ChannelStart<DescMethodStreaming>,
  messages: AsyncIterable<Message>,
  input: Input | undefined,
): Promise<StreamResponse> {
  return new Promise((resolve, reject) => {
    if (start.signal?.aborted) {
      input?.close(start.signal.reason);
      reject(abortError(start.signal));
    } else {
      new StreamCall(start, messages, input, { resolve, reject });
    }
  });
}

class StreamCall extends ChannelCall<DescMethodStreaming> implements AsyncIterator<Message> {
  readonly #input: Input | undefined;
  readonly #opened: Resolvers<StreamResponse>;
  readonly #trailer = new MetadataHeaders();
  /** Messages that were not asked for yet. */
  readonly #queue: Message[] = [];
  /** Readers that wait for a message. */
  readonly #readers: Resolvers<IteratorResult<Message>>[] = [];
  #reading = false;
  #ended = false;
  #onSent: (() => void) | undefined;

  constructor(
    start: ChannelStart<DescMethodStreaming>,
    messages: AsyncIterable<Message>,
    input: Input | undefined,
    opened: Resolvers<StreamResponse>,
  ) {
    super(start);
    this.#input = input;
    this.#opened = opened;
    this.#readOn();
    this.#sendAll(messages).catch((reason) => this.fail(reason));
  }

  /** The next message of the response. */
  next(): Promise<IteratorResult<Message>> {
    const value = this.#queue.shift();
    if (value !== undefined) {
      this.#readOn();
      return Promise.resolve({ done: false, value });
    }
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    this.#readOn();
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }

  override onReceiveMetadata(metadata: Metadata): void {
    super.onReceiveMetadata(metadata);
    this.#open();
  }

  onReceiveMessage(bytes: Buffer): void {
    this.#reading = false;
    let value: Message;
    try {
      value = this.method.parse(bytes);
    } catch (error) {
      this.fail(error);
      return;
    }
    const reader = this.#readers.shift();
    if (reader === undefined) this.#queue.push(value);
    else reader.resolve({ done: false, value });
    this.#readOn();
  }

  override handleEvent(): void {
    this.#queue.length = 0;
    super.handleEvent();
  }

  protected finish(trailer: Metadata): void {
    this.#ended = true;
    this.#trailer.fill(trailer);
    // Has no effect if headers have come, and with them the response.
    if (this.failure === undefined) this.#open();
    else this.#opened.reject(this.failure);
    for (const reader of this.#readers) {
      if (this.failure === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(this.failure);
    }
    this.#onSent?.();
    this.#input?.close(this.failure);
  }

  #open(): void {
    const { desc } = this.method;
    this.#opened.resolve({
      stream: true,
      service: desc.parent,
      method: desc,
      header: new MetadataHeaders(this.header),
      trailer: this.#trailer,
      message: { [Symbol.asyncIterator]: () => ({ next: () => this.next() }) },
    });
  }

  #readOn(): void {
    if (this.#reading || this.#ended || this.#queue.length >= READ_AHEAD) return;
    this.#reading = true;
    this.wire.startRead();
  }

  async #sendAll(messages: AsyncIterable<Message>): Promise<void> {
    let sent = 0;
    for await (const message of messages) {
      if (this.#ended) return;
      await this.#send(this.method.serialize(message));
      sent++;
      if (sent % SEND_BURST === 0) await setImmediate();
    }
    if (!this.#ended) this.wire.halfClose();
  }

  /** grpc-js takes one message at a time and calls back when it wants more. When the call ends, it may not call back. */
  #send(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#onSent = resolve;
      this.wire.sendMessageWithContext({ callback: () => resolve() }, bytes);
    });
  }
}
