import { Buffer } from "node:buffer";
import { ConnectionFault, ErrorCode, Flag, FrameType } from "./protocol.ts";

/** CONTINUATION frames of one message: a block is rarely larger than a frame, and never has empty ones. */
const MAX_CONTINUATIONS = 16;

/** A header block that goes on in CONTINUATION frames. Nothing else may come meanwhile. */
export class BegunBlock {
  readonly streamId: number;
  readonly endsStream: boolean;
  readonly #parts: Buffer[] = [];
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(streamId: number, endsStream: boolean, maxBytes: number) {
    this.streamId = streamId;
    this.endsStream = endsStream;
    this.#maxBytes = maxBytes;
  }

  /** Throws ConnectionFault if there is too much of it. */
  add(bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    if (this.#bytes > this.#maxBytes || this.#parts.length > MAX_CONTINUATIONS) {
      throw new ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too large a header block");
    }
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
  }

  /** All of it. */
  join(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Where the block of a HEADERS frame or the data of a DATA frame lie, without padding and priority. */
export type Extent = { start: number; end: number };

/** Throws ConnectionFault for padding that leaves no room. `into` is filled, so that frames need no object each. */
export function unpad(type: number, flags: number, bytes: Buffer, start: number, end: number, into: Extent): void {
  let from = start;
  let padding = 0;
  if ((flags & Flag.PADDED) !== 0) {
    if (from >= end) throw new ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "no room for the padding's length");
    padding = bytes[from++]!;
  }
  if (type === FrameType.HEADERS && (flags & Flag.PRIORITY) !== 0) {
    from += PRIORITY_BYTES;
    if (from > end) throw new ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "no room for the priority");
  }
  if (padding > end - from) throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, "more padding than payload");
  into.start = from;
  into.end = end - padding;
}

export const PRIORITY_BYTES = 5;
