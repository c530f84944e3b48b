// gRPC message framing: one flag byte, four length bytes, the message.
import { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";

/** Bytes before each message. */
export const PREFIX_BYTES = 5;

/** A message as it came from the wire. Flag 1 means compressed, 0 as it is, all others are errors. */
export type Frame = { readonly flag: number; readonly data: Buffer };

/** Puts the prefix before a message; the only copy on the way out. */
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

export function messageTooLarge(bytes: number, maxBytes: number): ConnectError {
  const message = `message size ${bytes} is larger than configured max ${maxBytes}`;
  return new ConnectError(message, Code.ResourceExhausted);
}

/** The frame of a chunk that is exactly one uncompressed message, the common case; undefined for any other chunk. */
export function wholeFrame(chunk: Buffer, maxBytes: number): Frame | undefined {
  if (chunk.length < PREFIX_BYTES || chunk[0] !== 0) return undefined;
  const length = chunk.readUInt32BE(1);
  if (chunk.length !== length + PREFIX_BYTES || length > maxBytes) return undefined;
  return { flag: 0, data: chunk.subarray(PREFIX_BYTES) };
}

/** Cuts a byte stream into frames. The parts of an incomplete frame are kept as they came and joined once, when it is complete. */
export class Deframer {
  #parts: Buffer[] = [];
  #size = 0;
  #needed = PREFIX_BYTES;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a frame has begun and is not complete. */
  get partial(): boolean {
    return this.#size > 0;
  }

  /** Appends the frames that the chunk completes. Throws RESOURCE_EXHAUSTED as soon as a prefix announces a message beyond the limit. */
  push(chunk: Buffer, frames: Frame[]): void {
    let bytes = chunk;
    if (this.#size > 0) {
      this.#parts.push(chunk);
      this.#size += chunk.length;
      if (this.#size < this.#needed) return;
      bytes = Buffer.concat(this.#parts, this.#size);
      this.#parts = [];
      this.#size = 0;
    }
    let at = 0;
    this.#needed = PREFIX_BYTES;
    while (bytes.length - at >= PREFIX_BYTES) {
      const length = bytes.readUInt32BE(at + 1);
      if (length > this.#maxBytes) throw messageTooLarge(length, this.#maxBytes);
      const end = at + PREFIX_BYTES + length;
      if (bytes.length < end) {
        this.#needed = length + PREFIX_BYTES;
        break;
      }
      frames.push({ flag: bytes.readUInt8(at), data: bytes.subarray(at + PREFIX_BYTES, end) });
      at = end;
    }
    if (at < bytes.length) {
      this.#parts.push(bytes.subarray(at));
      this.#size = bytes.length - at;
    }
  }
}
