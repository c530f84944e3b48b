import { Buffer } from "node:buffer";
import type { Output } from "./output.ts";
import { FrameType } from "./protocol.ts";

/** PINGs of this end. A peer answers them in their order. */
export class Pings {
  readonly #output: Output;
  readonly #waiting: (() => void)[] = [];
  #count = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  send(onPong: () => void): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(++this.#count, 4);
    this.#output.frame(FrameType.PING, 0, 0, payload);
    this.#waiting.push(onPong);
  }

  /** False if none was sent. */
  onPong(): boolean {
    const onPong = this.#waiting.shift();
    onPong?.();
    return onPong !== undefined;
  }

  /** No answer comes any more. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
