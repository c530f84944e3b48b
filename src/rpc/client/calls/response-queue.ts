import type { Message } from "@bufbuild/protobuf";
import type { Frame } from "../../server/grpc/framing.ts";
import type { Resolvers } from "../wire.ts";

/** Turns a frame into its message. */
export type Decode = (frame: Frame) => Message | Promise<Message>;

/** The messages of a response between the connection, which brings frames, and the consumer, which takes messages one by one. */
export class ResponseQueue {
  readonly #decode: Decode;
  /** Frames that nobody asked for yet, and where they begin. */
  readonly frames: Frame[] = [];
  #at = 0;
  /** Consumers that wait for a message. */
  readonly #readers: Resolvers<IteratorResult<Message>>[] = [];
  #bytes = 0;
  #ended = false;
  #failure: unknown;

  constructor(decode: Decode) {
    this.#decode = decode;
  }

  /** Bytes of frames that nobody asked for. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Tells it of the frames that were added since there were `before`. */
  added(before: number): void {
    for (let i = before; i < this.frames.length; i++) this.#bytes += this.frames[i]!.data.length;
    while (this.#readers.length > 0 && this.#at < this.frames.length) this.#readers.shift()!.resolve(this.#take());
  }

  /** The next message; the end once all were taken, or the failure. */
  next(): Promise<IteratorResult<Message>> {
    if (this.#at < this.frames.length) return this.#take();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }

  /** No more frames come. */
  end(failure: unknown): void {
    this.#ended = true;
    this.#failure ??= failure;
    for (const reader of this.#readers.splice(0)) {
      if (this.#failure === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(this.#failure);
    }
  }

  /** Forgets the frames that nobody asked for. */
  clear(): void {
    this.frames.length = 0;
    this.#at = 0;
    this.#bytes = 0;
  }

  async #take(): Promise<IteratorResult<Message>> {
    const frame = this.frames[this.#at++]!;
    this.#bytes -= frame.data.length;
    if (this.#at === this.frames.length) this.clear();
    try {
      const value = this.#decode(frame);
      return { done: false, value: value instanceof Promise ? await value : value };
    } catch (error) {
      this.clear();
      this.#failure = error;
      throw error;
    }
  }
}
