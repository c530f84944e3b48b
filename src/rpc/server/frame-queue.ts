import type { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Budget, StreamHolder } from "./budget.ts";
import { noRoom } from "./errors.ts";
import { Deframer, type Frame, PREFIX_BYTES } from "./grpc/framing.ts";

/** With more waiting messages than this, the stream is paused, and flow control stops the client. */
const MAX_WAITING = 32;
/** Rough overhead of a waiting message. */
const FRAME_BYTES = 128;

/** What stops a client by flow control, and holds compactly what was on its way. */
export type Pausable = { pause(): void; resume(): void };

/** Queues the messages of a request stream for their reader. */
export class FrameQueue {
  readonly #source: Pausable;
  readonly #holder: StreamHolder;
  readonly #budget: Budget;
  #deframer: Deframer;
  readonly #waiting: Frame[] = [];
  #error: unknown;
  #ended = false;
  #isPaused = false;
  #wake: (() => void) | undefined;

  /** Pauses and resumes the source, but does not listen to it: see push(). Waiting messages are counted for the holder. */
  constructor(source: Pausable, holder: StreamHolder, budget: Budget, maxBytes: number) {
    this.#source = source;
    this.#holder = holder;
    this.#budget = budget;
    this.#deframer = new Deframer(maxBytes);
  }

  /** Whether the client owes the rest of a message. */
  get stalled(): boolean {
    return this.#deframer.partialBytes > 0 && !this.#isPaused;
  }

  /** Whether the reader is waiting for a message. */
  get reading(): boolean {
    return this.#wake !== undefined;
  }

  push(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    const before = this.#waiting.length;
    this.#budget.release(this.#holder, this.#deframer.partialBytes);
    try {
      this.#deframer.push(chunk, this.#waiting);
    } catch (error) {
      this.#error = error; // for the reader, after the messages before it
    }
    const isWhole = this.#waiting.length > before;
    this.#holder.onPiece(chunk.length, isWhole);
    if (isWhole) this.#holder.sequence = this.#budget.nextSequence();
    const bytes = this.#deframer.partialBytes + bytesOf(this.#waiting, before);
    if (!this.#budget.hold(this.#holder, bytes)) {
      this.fail(noRoom());
      return;
    }
    if (this.#waiting.length > MAX_WAITING && !this.#isPaused) {
      this.#isPaused = true;
      this.#source.pause();
    }
    this.#awake();
  }

  /** The client has sent everything. */
  end(): void {
    this.#ended = true;
    this.#awake();
  }

  /** Drops what waits; the reader gets this error. */
  fail(reason: unknown): void {
    this.#waiting.length = 0;
    this.#deframer = new Deframer(0);
    this.#error = reason;
    this.#awake();
  }

  /** The next message; undefined after the last. Rejects if the stream was malformed or failed. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame !== undefined) {
        this.#budget.release(this.#holder, bytesOf([frame], 0));
        return frame;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) {
        if (this.#deframer.partialBytes > 0) throw incompleteFrame();
        return undefined;
      }
      if (this.#isPaused) {
        this.#isPaused = false;
        this.#source.resume(); // which may bring a message at once
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

export const incompleteFrame = () =>
  new ConnectError("incomplete frame at the end of the request", Code.InvalidArgument);

function bytesOf(frames: readonly Frame[], from: number): number {
  let bytes = 0;
  for (let i = from; i < frames.length; i++) bytes += PREFIX_BYTES + frames[i]!.data.length + FRAME_BYTES;
  return bytes;
}
