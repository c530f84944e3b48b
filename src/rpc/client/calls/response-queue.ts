import type { Message } from "@bufbuild/protobuf";
import type { Frame } from "../../server/grpc/framing.ts";
import type { Resolvers } from "../wire.ts";

type Result = IteratorResult<Message>;

/** The messages of a response between the connection, which brings frames, and the consumer, which takes messages one by one. */
export class ResponseQueue {
  readonly #decode: (frame: Frame) => Message | Promise<Message>;
  /** Those that nobody asked for yet, from `#at` on. */
  readonly #frames: Frame[] = [];
  #at = 0;
  /** Their size. */
  #bytes = 0;
  /** Consumers that wait for a message. */
  readonly #readers: Resolvers<Result>[] = [];
  #ended = false;
  #failure: unknown;

  /** `decode` turns a frame into its message, and may throw. */
  constructor(decode: (frame: Frame) => Message | Promise<Message>) {
    this.#decode = decode;
  }

  /** Bytes of frames that nobody asked for. */
  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Frame): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      this.#give(frame, reader);
      return;
    }
    this.#frames.push(frame);
    this.#bytes += frame.data.length;
  }

  /** The next message; the end once all were taken, or the failure. */
  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#at < this.#frames.length) this.#give(this.#take(), { resolve, reject });
      else if (this.#failure !== undefined) reject(this.#failure);
      else if (this.#ended) resolve({ done: true, value: undefined });
      else this.#readers.push({ resolve, reject });
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
    this.#frames.length = 0;
    this.#at = 0;
    this.#bytes = 0;
  }

  #take(): Frame {
    const frame = this.#frames[this.#at++]!;
    this.#bytes -= frame.data.length;
    if (this.#at === this.#frames.length) this.clear();
    return frame;
  }

  /** Without another promise for a message that is decoded at once. */
  #give(frame: Frame, { resolve, reject }: Resolvers<Result>): void {
    try {
      const value = this.#decode(frame);
      resolve(
        value instanceof Promise ? value.then((later) => ({ done: false, value: later })) : { done: false, value },
      );
    } catch (error) {
      this.clear();
      this.#failure = error;
      reject(error);
    }
  }
}
