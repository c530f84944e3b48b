import type { Buffer } from "node:buffer";
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallInput } from "./call-input.ts";
import { decompress } from "./compression.ts";
import { Deframer, type Frame } from "./framing.ts";

/** More waiting messages than this pause the stream, and HTTP/2 flow control stops the client. */
const MAX_WAITING = 32;

/** The request messages of a client or bidi streaming call. */
export class RequestStream {
  readonly #call: CallInput;
  readonly #deframer: Deframer;
  readonly #waiting: Frame[] = [];
  #error: unknown;
  #paused = false;
  #wake: (() => void) | undefined;

  constructor(call: CallInput) {
    this.#call = call;
    this.#deframer = new Deframer(call.route.limits.readMaxBytes);
  }

  /** Whether the rest of a message that has begun is the client's to send. */
  get stalled(): boolean {
    return this.#deframer.partial && !this.#paused;
  }

  push(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    try {
      this.#deframer.push(chunk, this.#waiting);
    } catch (error) {
      this.#error = error; // after the messages before it
    }
    if (this.#waiting.length > MAX_WAITING) {
      this.#paused = true;
      this.#call.stream.pause();
    }
    this.wake();
  }

  /** The client has sent all, or the call is over: see Call.inputEnded and Call.abortReason. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  async *messages(): AsyncGenerator<Message, void, void> {
    const call = this.#call;
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame !== undefined) {
        const bytes = decompress(frame, call.requestEncoding, call.route.limits.readMaxBytes);
        yield call.parse(bytes instanceof Promise ? await bytes : bytes);
        continue;
      }
      if (call.abortReason !== undefined) throw call.abortReason;
      if (this.#error !== undefined) throw this.#error;
      if (call.inputEnded) {
        if (this.#deframer.partial) throw incompleteFrame();
        return;
      }
      if (this.#paused) {
        this.#paused = false;
        call.stream.resume();
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

export const incompleteFrame = () =>
  new ConnectError("incomplete frame at the end of the request", Code.InvalidArgument);
