// gRPC message framing: one flag byte, four length bytes, the message. Connect and gRPC-Web have the same. By
// hand, because Connect's own is an async generator; here a message that comes in one chunk costs one copy and no promise.
import { Buffer } from "node:buffer";
import { ByteCollector } from "../byte-collector.ts";
import { messageTooLarge } from "../errors.ts";

/** Bytes before each message. */
export const PREFIX_BYTES = 5;

/** A message as it came. In gRPC, flag 0 means as it is, 1 compressed; all others are errors. */
export type Frame = { readonly flag: number; readonly data: Buffer };

/** Adds the prefix to a message. This is the only copy on the way out. */
export function frame(data: Uint8Array, flag = 0): Buffer {
  const length = data.length;
  const out = Buffer.allocUnsafe(length + PREFIX_BYTES);
  out[0] = flag;
  out[1] = length >>> 24;
  out[2] = length >>> 16;
  out[3] = length >>> 8;
  out[4] = length;
  out.set(data, PREFIX_BYTES);
  return out;
}

/** The common case: the frame of a chunk that is exactly one uncompressed message. Undefined for any other chunk. */
export function wholeFrame(chunk: Buffer, maxBytes: number): Frame | undefined {
  if (chunk.length < PREFIX_BYTES || chunk[0] !== 0) return undefined;
  const length = chunk.readUInt32BE(1);
  if (chunk.length !== length + PREFIX_BYTES || length > maxBytes) return undefined;
  return { flag: 0, data: Buffer.from(chunk.subarray(PREFIX_BYTES)) };
}

/** Cuts a byte stream into frames. Copies what it keeps, so that no chunk stays in memory. */
export class Deframer {
  readonly #maxBytes: number;
  readonly #begun = new ByteCollector();
  #needed = PREFIX_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of an incomplete frame; 0 between frames. */
  get partialBytes(): number {
    return this.#begun.size;
  }

  /** Appends the frames that the chunk completes. Throws RESOURCE_EXHAUSTED as soon as a prefix announces a message beyond the limit. */
  push(chunk: Buffer, frames: Frame[]): void {
    let at = 0;
    while (at < chunk.length) {
      const whole = this.#begun.size === 0 ? this.#whole(chunk, at) : undefined;
      if (whole !== undefined) {
        frames.push(whole);
        at += PREFIX_BYTES + whole.data.length;
        continue;
      }
      const end = Math.min(chunk.length, at + this.#needed - this.#begun.size);
      this.#begun.push(chunk, at, end, this.#needed);
      at = end;
      if (this.#begun.size < this.#needed) return;
      if (this.#needed === PREFIX_BYTES) {
        const length = this.#checked(this.#begun.bytes.readUInt32BE(1));
        this.#needed += length;
        if (length > 0) continue;
      }
      const bytes = this.#begun.take();
      frames.push({ flag: bytes.readUInt8(0), data: bytes.subarray(PREFIX_BYTES) });
      this.#needed = PREFIX_BYTES;
    }
  }

  /** The frame that begins at an index of the chunk; undefined if the chunk does not have all of it. */
  #whole(chunk: Buffer, at: number): Frame | undefined {
    const begin = at + PREFIX_BYTES;
    if (begin > chunk.length) return undefined;
    const end = begin + this.#checked(chunk.readUInt32BE(at + 1));
    return end > chunk.length
      ? undefined
      : { flag: chunk.readUInt8(at), data: Buffer.from(chunk.subarray(begin, end)) };
  }

  #checked(length: number): number {
    if (length > this.#maxBytes) throw messageTooLarge(length, this.#maxBytes);
    return length;
  }
}
