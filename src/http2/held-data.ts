import { Buffer } from "node:buffer";

const BLOCK_BYTES = 8 << 10;

/** What came on a paused stream. Small pieces are joined: as buffers of their own, a window of single bytes would take a hundred times as much. */
export class HeldData {
  bytes = 0;
  #blocks: Buffer[] = [];
  /** Of the last block. */
  #used = 0;

  /** Copies bytes `start` to `end`. */
  add(source: Buffer, start: number, end: number): void {
    let at = start;
    this.bytes += end - start;
    while (at < end) {
      let block = this.#blocks.at(-1);
      if (block === undefined || this.#used === block.length) {
        block = Buffer.allocUnsafe(Math.max(BLOCK_BYTES, end - at));
        this.#blocks.push(block);
        this.#used = 0;
      }
      const copied = source.copy(block, this.#used, at, end);
      this.#used += copied;
      at += copied;
    }
  }

  /** The next part of it; undefined if there is none. */
  take(): Buffer | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    const part = this.#blocks.length === 0 ? block.subarray(0, this.#used) : block;
    this.bytes -= part.length;
    return part;
  }
}
