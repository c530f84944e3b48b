import { Buffer } from "node:buffer";
import { ConnectionFault, ErrorCode, FRAME_HEADER_BYTES, MAX_FRAME_BYTES, PREFACE } from "./protocol.ts";

/** Takes a frame whose payload is bytes `start` to `end` of `bytes`, which it must copy if it keeps them. */
export type TakeFrame = {
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
};

/** Cuts what a peer sends into frames. A frame that lies in one chunk is not copied; of others, no more than what has come is held. */
export class FrameReader {
  readonly #to: TakeFrame;
  #prefaceLeft: number;
  /** The beginning of a frame; its rest comes with the next chunks. */
  #begun: Buffer = EMPTY;
  #begunBytes = 0;
  #stopped = false;

  /** `expectsPreface`: the peer is a client. */
  constructor(to: TakeFrame, expectsPreface: boolean) {
    this.#to = to;
    this.#prefaceLeft = expectsPreface ? PREFACE.length : 0;
  }

  /** Takes no more frames, not even the rest of the chunk that is being read. */
  stop(): void {
    this.#stopped = true;
    this.#begun = EMPTY;
  }

  /** Throws ConnectionFault, as onFrame() may. */
  read(chunk: Buffer): void {
    let at = this.#prefaceLeft > 0 ? this.#preface(chunk) : 0;
    if (this.#begunBytes > 0) at = this.#goOn(chunk, at);
    while (!this.#stopped && chunk.length - at >= FRAME_HEADER_BYTES) {
      const length = payloadBytes(chunk, at);
      const start = at + FRAME_HEADER_BYTES;
      const end = start + length;
      if (end > chunk.length) break;
      this.#take(chunk, at, start, end);
      at = end;
    }
    if (at < chunk.length && !this.#stopped && this.#begunBytes === 0) this.#keep(chunk, at);
  }

  #preface(chunk: Buffer): number {
    const length = Math.min(this.#prefaceLeft, chunk.length);
    const from = PREFACE.length - this.#prefaceLeft;
    if (chunk.compare(PREFACE, from, from + length, 0, length) !== 0) {
      throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, "not the preface of HTTP/2");
    }
    this.#prefaceLeft -= length;
    return length;
  }

  /** Goes on with the frame that has begun; returns where the next one begins. */
  #goOn(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#begunBytes < FRAME_HEADER_BYTES) {
      at = this.#append(chunk, at, FRAME_HEADER_BYTES);
      if (this.#begunBytes < FRAME_HEADER_BYTES) return at;
    }
    const length = FRAME_HEADER_BYTES + payloadBytes(this.#begun, 0);
    at = this.#append(chunk, at, length);
    if (this.#begunBytes < length) return at;
    const frame = this.#begun;
    this.#begun = EMPTY;
    this.#begunBytes = 0;
    this.#take(frame, 0, FRAME_HEADER_BYTES, length);
    return at;
  }

  #keep(chunk: Buffer, at: number): void {
    const isWholeHeader = chunk.length - at >= FRAME_HEADER_BYTES;
    const length = isWholeHeader ? FRAME_HEADER_BYTES + payloadBytes(chunk, at) : FRAME_HEADER_BYTES;
    this.#append(chunk, at, length);
  }

  /** Appends up to `wanted` bytes in all. */
  #append(chunk: Buffer, at: number, wanted: number): number {
    const taken = Math.min(wanted - this.#begunBytes, chunk.length - at);
    const needed = this.#begunBytes + taken;
    if (this.#begun.length < needed) {
      const grown = Buffer.allocUnsafe(Math.min(Math.max(2 * needed, 64), FRAME_HEADER_BYTES + MAX_FRAME_BYTES));
      this.#begun.copy(grown, 0, 0, this.#begunBytes);
      this.#begun = grown;
    }
    chunk.copy(this.#begun, this.#begunBytes, at, at + taken);
    this.#begunBytes = needed;
    return at + taken;
  }

  #take(bytes: Buffer, at: number, start: number, end: number): void {
    const streamId =
      (((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!) >>> 0;
    this.#to.onFrame(bytes[at + 3]!, bytes[at + 4]!, streamId, bytes, start, end);
  }
}

function payloadBytes(bytes: Buffer, at: number): number {
  const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  if (length > MAX_FRAME_BYTES) throw new ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
  return length;
}

const EMPTY = Buffer.alloc(0);
