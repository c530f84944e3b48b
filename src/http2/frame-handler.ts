import type { Buffer } from "node:buffer";
import type { TakeFrame } from "./frame-reader.ts";
import { BegunBlock, type Extent, PRIORITY_BYTES, unpad } from "./header-block.ts";
import { ConnectionFault, ErrorCode, Flag, FrameType } from "./protocol.ts";

/** What the frames of a peer say. Each may throw ConnectionFault. */
export type FrameTarget = {
  /** Largest header block in bytes, as it is sent. */
  readonly maxBlockBytes: number;
  onData(streamId: number, bytes: Buffer, start: number, end: number, flowBytes: number, endsStream: boolean): void;
  onHeaderBlock(streamId: number, bytes: Buffer, start: number, end: number, endsStream: boolean): void;
  onReset(streamId: number, code: number): void;
  onSettings(bytes: Buffer, start: number, end: number): void;
  onSettingsAck(): void;
  onPing(bytes: Buffer, start: number, end: number): void;
  onPong(): void;
  onGoaway(lastStreamId: number, code: number): void;
  onWindowUpdate(streamId: number, bytes: number): void;
  /** The frame says nothing that matters here. */
  onIdleFrame(): void;
  /** The frame is wrong, but only for its stream. */
  onStreamFault(streamId: number, code: number): void;
};

/** Checks the frames of a peer, each for itself, and tells what they say. */
export class FrameHandler implements TakeFrame {
  readonly #to: FrameTarget;
  readonly #extent: Extent = { start: 0, end: 0 };
  #begun: BegunBlock | undefined;
  #hasSettings = false;

  constructor(to: FrameTarget) {
    this.#to = to;
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (!this.#hasSettings) {
      if (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)
        throw protocolError("the first frame is not SETTINGS");
      this.#hasSettings = true;
    }
    if (this.#begun !== undefined && (type !== FrameType.CONTINUATION || streamId !== this.#begun.streamId)) {
      throw protocolError(`a frame of type ${type} within a header block`);
    }
    if (type === FrameType.DATA) this.#data(flags, streamId, bytes, start, end);
    else if (type === FrameType.HEADERS) this.#headers(flags, streamId, bytes, start, end);
    else if (type === FrameType.WINDOW_UPDATE) this.#windowUpdate(streamId, bytes, start, end);
    else this.#rare(type, flags, streamId, bytes, start, end);
  }

  #data(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw protocolError("DATA of no stream");
    const extent = this.#extent;
    unpad(FrameType.DATA, flags, bytes, start, end, extent);
    this.#to.onData(streamId, bytes, extent.start, extent.end, end - start, (flags & Flag.END_STREAM) !== 0);
  }

  #headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw protocolError("HEADERS of no stream");
    const extent = this.#extent;
    unpad(FrameType.HEADERS, flags, bytes, start, end, extent);
    const endsStream = (flags & Flag.END_STREAM) !== 0;
    const dependsOnItself =
      (flags & Flag.PRIORITY) !== 0 && dependency(bytes, extent.start - PRIORITY_BYTES) === streamId;
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.#to.onHeaderBlock(streamId, bytes, extent.start, extent.end, endsStream);
    } else {
      this.#begun = new BegunBlock(streamId, endsStream, this.#to.maxBlockBytes);
      this.#begun.add(bytes, extent.start, extent.end);
    }
    if (dependsOnItself) this.#to.onStreamFault(streamId, ErrorCode.PROTOCOL_ERROR);
  }

  #continuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const begun = this.#begun;
    if (begun === undefined) throw protocolError("CONTINUATION of no header block");
    begun.add(bytes, start, end);
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#begun = undefined;
    const block = begun.join();
    this.#to.onHeaderBlock(begun.streamId, block, 0, block.length, begun.endsStream);
  }

  #rare(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    switch (type) {
      case FrameType.CONTINUATION:
        this.#continuation(flags, bytes, start, end);
        break;
      case FrameType.RST_STREAM:
        if (streamId === 0) throw protocolError("RST_STREAM of no stream");
        this.#checkLength(end - start, WORD_BYTES);
        this.#to.onReset(streamId, bytes.readUInt32BE(start));
        break;
      case FrameType.SETTINGS:
        this.#settings(flags, streamId, bytes, start, end);
        break;
      case FrameType.PING:
        if (streamId !== 0) throw protocolError("PING of a stream");
        this.#checkLength(end - start, PING_BYTES);
        if ((flags & Flag.ACK) !== 0) this.#to.onPong();
        else this.#to.onPing(bytes, start, end);
        break;
      case FrameType.GOAWAY:
        if (streamId !== 0) throw protocolError("GOAWAY of a stream");
        if (end - start < 2 * WORD_BYTES) throw frameSizeError(end - start);
        this.#to.onGoaway(bytes.readUInt32BE(start) & NO_RESERVED_BIT, bytes.readUInt32BE(start + WORD_BYTES));
        break;
      case FrameType.PRIORITY:
        if (streamId === 0) throw protocolError("PRIORITY of no stream");
        if (end - start !== PRIORITY_BYTES) this.#to.onStreamFault(streamId, ErrorCode.FRAME_SIZE_ERROR);
        else if (dependency(bytes, start) === streamId) this.#to.onStreamFault(streamId, ErrorCode.PROTOCOL_ERROR);
        else this.#to.onIdleFrame();
        break;
      case FrameType.PUSH_PROMISE:
        throw protocolError("PUSH_PROMISE, which nobody asked for");
      default:
        this.#to.onIdleFrame();
    }
  }

  #settings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw protocolError("SETTINGS of a stream");
    if ((flags & Flag.ACK) === 0) this.#to.onSettings(bytes, start, end);
    else if (end > start) throw frameSizeError(end - start);
    else this.#to.onSettingsAck();
  }

  #windowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#checkLength(end - start, WORD_BYTES);
    const increment = bytes.readUInt32BE(start) & NO_RESERVED_BIT;
    if (increment > 0) this.#to.onWindowUpdate(streamId, increment);
    else if (streamId === 0) throw protocolError("WINDOW_UPDATE of 0");
    else this.#to.onStreamFault(streamId, ErrorCode.PROTOCOL_ERROR);
  }

  #checkLength(length: number, expected: number): void {
    if (length !== expected) throw frameSizeError(length);
  }
}

const WORD_BYTES = 4;
const PING_BYTES = 8;
const NO_RESERVED_BIT = 0x7fffffff;

const dependency = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at) & NO_RESERVED_BIT;

const protocolError = (message: string) => new ConnectionFault(ErrorCode.PROTOCOL_ERROR, message);

const frameSizeError = (bytes: number) => new ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${bytes} bytes`);
