import { Buffer } from "node:buffer";

const MIN_BYTES = 64;

/**
 * Joins pieces as they come. It copies them, because a chunk, even of one byte, is a view of everything that was read from the socket at
 * once and would keep that in memory. Uses at most twice the memory of what has come.
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

  /** Appends part of a chunk. Allocates no more than maxSize, if that suffices. */
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

  /** Returns what has come and starts over. */
  take(): Buffer {
    const { bytes } = this;
    this.#buffer = EMPTY;
    this.#size = 0;
    return bytes;
  }
}

const EMPTY = Buffer.alloc(0);
