import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES } from "./protocol.ts";

/** With more than this on its way to the socket, streams keep their data back. */
const CONGESTED_BYTES = 64 << 10;
/** With more than this, which are heads and replies, see holdBack(). */
const FULL_BYTES = 256 << 10;
/** Small enough for connections that rest, large enough for the answers of a turn or two of the loop. */
const BLOCK_BYTES = 4 << 10;
const MAX_BLOCK_BYTES = 64 << 10;
const LEAST_LEFT = 512;

/**
 * Collects the frames of a turn of the event loop, and gives them to the socket together when the turn is over: a write to a socket costs as
 * much as several calls.
 */
export class Output {
  readonly #socket: Socket;
  readonly #onFlushed: () => void;
  #full: Buffer[] = [];
  #fullBytes = 0;
  #block: Buffer = NOTHING;
  #from = 0;
  #at = 0;
  /** The DATA frame that was written last, if nothing came after it: of which stream, from where, and how long. */
  #dataId = 0;
  #dataAt = 0;
  #dataLength = 0;
  #isScheduled = false;
  #holdsBack = false;
  #closed = false;

  /** `onFlushed` is called when frames were given to the socket, and when it has taken them: there may be room for more. */
  constructor(socket: Socket, onFlushed: () => void) {
    this.#socket = socket;
    this.#onFlushed = onFlushed;
    socket.on("drain", () => this.#flushed());
  }

  /** Bytes on their way to the socket, or that wait there. */
  get waitingBytes(): number {
    return this.#fullBytes + (this.#at - this.#from) + this.#socket.writableLength;
  }

  /** Whether so much waits for the socket that data should wait elsewhere. */
  get congested(): boolean {
    return this.waitingBytes >= CONGESTED_BYTES;
  }

  /** If too much waits for the peer to read, nothing more of what it sends is read until that is less. */
  holdBack(): void {
    if (this.waitingBytes < FULL_BYTES) return;
    this.#holdsBack = true;
    this.#socket.pause();
  }

  /** The buffer to write at least `bytes` bytes to, from `at`. What is written there is sent once it is said to done(). */
  reserve(bytes: number): Buffer {
    this.#dataId = 0;
    if (this.#block.length - this.#at < bytes) this.#next(bytes);
    return this.#block;
  }

  get at(): number {
    return this.#at;
  }

  /** What reserve() or roomForData() has made room in. */
  get block(): Buffer {
    return this.#block;
  }

  /** The buffer is written up to here. */
  done(at: number): void {
    this.#at = at;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(flush, this);
  }

  /** Appends a frame with a payload that is ready. */
  frame(
    type: number,
    flags: number,
    streamId: number,
    payload: Uint8Array = NOTHING,
    start = 0,
    end = payload.length,
  ): void {
    const block = this.reserve(FRAME_HEADER_BYTES + end - start);
    const at = writeFrameHeader(block, this.#at, end - start, type, flags, streamId);
    if (end - start > 0) block.set(start === 0 && end === payload.length ? payload : payload.subarray(start, end), at);
    this.done(at + end - start);
  }

  /**
   * Makes room for the payload of a DATA frame in `block`, and returns where to write it; then call data(). If the last frame is data of the same
   * stream, it will be lengthened: the small messages of a turn would have more heads than content for whoever reads them.
   */
  roomForData(streamId: number, length: number): number {
    const joined = this.#dataLength + length;
    if (this.#dataId === streamId && joined <= MAX_FRAME_BYTES && length <= this.#block.length - this.#at)
      return this.#at;
    this.reserve(FRAME_HEADER_BYTES + length);
    return this.#at + FRAME_HEADER_BYTES;
  }

  /** Appends the DATA frame whose payload is written, from where roomForData() said. */
  data(flags: number, streamId: number, from: number, length: number): void {
    if (from > this.#at) {
      this.#dataId = streamId;
      this.#dataAt = this.#at;
      this.#dataLength = 0;
    }
    this.#dataLength += length;
    writeFrameHeader(this.#block, this.#dataAt, this.#dataLength, FrameType.DATA, flags, streamId);
    this.done(from + length);
  }

  /** Appends a frame whose payload is a number of 32 bits. */
  word(type: number, streamId: number, value: number): void {
    const block = this.reserve(FRAME_HEADER_BYTES + 4);
    const at = writeFrameHeader(block, this.#at, 4, type, 0, streamId);
    this.done(block.writeUInt32BE(value >>> 0, at));
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.word(FrameType.WINDOW_UPDATE, streamId, bytes);
  }

  /** Gives everything to the socket now. */
  flush(): void {
    this.#isScheduled = false;
    this.#dataId = 0;
    if (this.#closed) return;
    const last = this.#at > this.#from ? this.#block.subarray(this.#from, this.#at) : undefined;
    this.#from = this.#at;
    if (this.#block.length > BLOCK_BYTES || this.#block.length - this.#at < LEAST_LEFT) this.#drop();
    if (this.#full.length > 0) {
      this.#socket.cork();
      for (const block of this.#full) this.#socket.write(block);
      this.#full = [];
      this.#fullBytes = 0;
      if (last !== undefined) this.#socket.write(last);
      this.#socket.uncork();
    } else if (last !== undefined) this.#socket.write(last);
    this.#flushed();
  }

  #flushed(): void {
    if (this.#holdsBack && this.waitingBytes < FULL_BYTES) {
      this.#holdsBack = false;
      this.#socket.resume();
    }
    this.#onFlushed();
  }

  /** Sends nothing more. */
  close(): void {
    this.#closed = true;
    this.#full = [];
    this.#drop();
  }

  #drop(): void {
    this.#block = NOTHING;
    this.#from = 0;
    this.#at = 0;
  }

  #next(bytes: number): void {
    const used = this.#at - this.#from;
    if (used > 0) {
      this.#full.push(this.#block.subarray(this.#from, this.#at));
      this.#fullBytes += used;
    }
    const size = used === 0 ? BLOCK_BYTES : Math.min(4 * this.#block.length, MAX_BLOCK_BYTES);
    this.#block = Buffer.allocUnsafe(Math.max(size, bytes));
    this.#from = 0;
    this.#at = 0;
  }
}

/** Returns where the payload begins. */
export function writeFrameHeader(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out[at + 5] = streamId >>> 24;
  out[at + 6] = streamId >>> 16;
  out[at + 7] = streamId >>> 8;
  out[at + 8] = streamId;
  return at + FRAME_HEADER_BYTES;
}

function flush(output: Output): void {
  output.flush();
}

const NOTHING = Buffer.alloc(0);
