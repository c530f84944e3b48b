import type { Buffer } from "node:buffer";
import type { Fields } from "./fields.ts";
import { HeldData } from "./held-data.ts";
import { ErrorCode, StreamFault } from "./protocol.ts";
import { ReceiveWindow } from "./receive-window.ts";

/** What comes on a stream: how much may come, and what is held back while the stream is paused. */
export class Intake extends ReceiveWindow {
  isPaused = false;
  /** Those that are held back with the end. */
  trailers: Fields | undefined;
  /** What content-length has announced and has not come. */
  #awaitedBytes: number | undefined;
  #held: HeldData | undefined;

  /** `bytes` is what content-length says. Throws StreamFault if that is no number. */
  expect(bytes: number | undefined): void {
    if (Number.isNaN(bytes)) throw new StreamFault(ErrorCode.PROTOCOL_ERROR, "content-length is no number");
    this.#awaitedBytes = bytes;
  }

  /** Counts data that came; `flowBytes`: with its padding. Returns why it is too much, if it is. */
  count(length: number, flowBytes: number): StreamFault | undefined {
    if (!this.receive(flowBytes)) return new StreamFault(ErrorCode.FLOW_CONTROL_ERROR, "too much data");
    if (this.#awaitedBytes === undefined) return undefined;
    this.#awaitedBytes -= length;
    return this.#awaitedBytes < 0 ? new StreamFault(ErrorCode.PROTOCOL_ERROR, "more data than announced") : undefined;
  }

  /** Whether less has come than was announced. */
  get isShort(): boolean {
    return this.#awaitedBytes !== undefined && this.#awaitedBytes > 0;
  }

  /** Whether what comes must wait: for resume(), or for what came before. */
  get mustHold(): boolean {
    return this.isPaused || this.#held !== undefined;
  }

  /** Keeps a copy of bytes `start` to `end`. */
  hold(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.#held ??= new HeldData();
    this.#held.add(bytes, start, end);
  }

  /** The next part of what was held back; undefined if there is none. */
  next(): Buffer | undefined {
    const part = this.#held?.take();
    if (this.#held?.bytes === 0) this.#held = undefined;
    return part;
  }

  /** Drops what is held back. */
  drop(): void {
    this.#held = undefined;
  }
}
