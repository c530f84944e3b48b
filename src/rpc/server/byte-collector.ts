import { Buffer } from "node:buffer";

const MIN_BYTES = 64;

/**
 * Joins pieces that come one by one. They are copied: a chunk that was read, even one of a single byte, is a view of all that the socket
 * gave at once, and would keep that alive. Costs at most twice what has come.
 */
export class ByteCollector {
  #buffer: Buffer = EMPTY;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** What has come so far; valid until the next piece. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Appends a part of a chunk. No room is made for more than maxSize, as far as that is enough. */
  push(chunk: Buffer, from: number, to: number, maxSize: number): void {
    const size = this.#size + to - from;
    if (size > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(size, Math.min(maxSize, Math.max(this.#buffer.length * 2, MIN_BYTES))));
      this.#buffer.copy(grown, 0, 0, this.#size);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#size, from, to);
    this.#size = size;
  }

  /** Gives what has come and begins anew. */
  take(): Buffer {
    const { bytes } = this;
    this.#buffer = EMPTY;
    this.#size = 0;
    return bytes;
  }
}

const EMPTY = Buffer.alloc(0);
