import type { Buffer } from "node:buffer";

/** What a stream may keep, as in grpc-js: 1 MiB. */
const MAX_BYTES = 1 << 20;
/** What all streams of the process together may keep, so that many of them do not fill the memory of a small one: 8 MiB. */
const MAX_TOTAL_BYTES = 8 << 20;

let totalBytes = 0;

/** The messages that a stream has sent, to send them again. Keeps all or none: beyond the limits, it lets go of them. */
export class ReplayBuffer {
  #messages: Buffer[] | undefined = [];
  #bytes = 0;

  /** Undefined once it has let go. */
  get messages(): readonly Buffer[] | undefined {
    return this.#messages;
  }

  /** `needed`: it is not on its way yet, so it is kept in any case. */
  push(message: Buffer, needed: boolean): void {
    if (this.#messages === undefined) return;
    const full = this.#bytes + message.length > MAX_BYTES || totalBytes + message.length > MAX_TOTAL_BYTES;
    if (full && !needed) {
      this.release();
      return;
    }
    this.#messages.push(message);
    this.#bytes += message.length;
    totalBytes += message.length;
  }

  release(): void {
    totalBytes -= this.#bytes;
    this.#bytes = 0;
    this.#messages = undefined;
  }
}
