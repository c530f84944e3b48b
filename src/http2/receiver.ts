import type { Buffer } from "node:buffer";
import { fieldsOf, type RawFields } from "./fields.ts";
import type { FrameTarget } from "./frame-handler.ts";
import type { HeaderWriter } from "./header-writer.ts";
import { HeaderDecoder } from "./hpack/decoder.ts";
import type { Output } from "./output.ts";
import type { Pings } from "./pings.ts";
import {
  ConnectionFault,
  ErrorCode,
  Flag,
  FrameType,
  HEADER_TABLE_BYTES,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  StreamFault,
} from "./protocol.ts";
import type { SendLine } from "./send-line.ts";
import { type PeerSettings, takeSettings } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

/** Limits of what is received. */
export type ReceiveLimits = {
  /** What the peer may send on all streams together before it hears of more room. At least 65535 bytes. */
  readonly windowBytes: number;
  /** Of one header list; a stream with more is reset with ENHANCE_YOUR_CALM. */
  readonly maxHeaderListBytes: number;
  readonly maxHeaderFields: number;
};

/** The connection of a receiver. */
export type Receiving = {
  readonly streams: StreamTable;
  readonly output: Output;
  readonly headers: HeaderWriter;
  readonly line: SendLine;
  readonly pings: Pings;
  readonly peer: PeerSettings;
  sendWindow: number;
  settingsAcked: boolean;
  /** The first fields of a message have come, or some for a stream that is over. A fault says why the stream must be reset. */
  receiveHead(streamId: number, raw: RawFields, endsStream: boolean, fault: StreamFault | undefined): void;
  /** Data came for a stream that is over. */
  receiveLate(streamId: number): void;
  /** Whether nobody has opened this stream or a later one. */
  isIdle(streamId: number): boolean;
  onPing(): void;
  onSettings(): void;
  onGoaway(code: number, lastStreamId: number): void;
};

/** Answers to what the peer sent that may wait for it to read. */
const MAX_UNREAD_REPLIES = 1000;

/** As node:http2 has it for invalid frames. */
const MAX_FAULTS = 1000;

/** What a peer may make us do for nothing, in steps of less than a microsecond, and how much more with each request or piece of data. */
const MAX_IDLE_STEPS = 100_000;
const STEPS_PER_FRAME = 100;

/** Does what the frames of a peer say. Its methods throw ConnectionFault or HpackError where that ends the connection. */
export class Receiver implements FrameTarget {
  readonly maxBlockBytes: number;
  readonly #connection: Receiving;
  readonly #limits: ReceiveLimits;
  readonly #decoder = new HeaderDecoder(HEADER_TABLE_BYTES);
  /** Data for which the connection's window was not opened again. */
  #receivedBytes = 0;
  #unreadReplies = 0;
  #faults = 0;
  #idleSteps = 0;

  constructor(connection: Receiving, limits: ReceiveLimits) {
    this.#connection = connection;
    this.#limits = limits;
    this.maxBlockBytes = limits.maxHeaderListBytes + MAX_FRAME_BYTES;
  }

  onData(streamId: number, bytes: Buffer, start: number, end: number, flowBytes: number, endsStream: boolean): void {
    this.#receive(flowBytes);
    if (start === end && !endsStream) this.onIdleFrame();
    else if (this.#idleSteps > 0) this.#idleSteps -= STEPS_PER_FRAME;
    const stream = this.#connection.streams.get(streamId);
    if (stream === undefined) {
      this.#refuseIdle(streamId, "DATA");
      this.#countReply();
      this.#connection.receiveLate(streamId);
      return;
    }
    try {
      stream.receive(bytes, start, end, flowBytes);
      if (endsStream) stream.receiveEnd(undefined);
    } catch (error) {
      this.onFault(stream, error);
    }
  }

  onHeaderBlock(streamId: number, bytes: Buffer, start: number, end: number, endsStream: boolean): void {
    if (this.#idleSteps > 0) this.#idleSteps -= STEPS_PER_FRAME;
    const raw: string[] = [];
    const { maxHeaderListBytes, maxHeaderFields } = this.#limits;
    const decoder = this.#decoder;
    decoder.decode(bytes, start, end, raw, maxHeaderListBytes);
    const isTooLarge = decoder.listBytes > maxHeaderListBytes || raw.length > 2 * maxHeaderFields;
    let fault: StreamFault | undefined;
    if (isTooLarge) fault = new StreamFault(ErrorCode.ENHANCE_YOUR_CALM, "too many header fields");
    else if (!decoder.wellFormed) fault = new StreamFault(ErrorCode.PROTOCOL_ERROR, "a malformed header field");
    const stream = this.#connection.streams.get(streamId);
    if (stream === undefined || stream.awaitsHead) this.#connection.receiveHead(streamId, raw, endsStream, fault);
    else this.#trailers(stream, raw, endsStream, fault);
  }

  #trailers(stream: Http2Stream, raw: RawFields, endsStream: boolean, fault: StreamFault | undefined): void {
    try {
      if (stream.remoteEnded) throw new StreamFault(ErrorCode.STREAM_CLOSED, "fields after the end");
      if (fault !== undefined) throw fault;
      const fields = fieldsOf(raw, "trailers");
      if (!endsStream) throw new StreamFault(ErrorCode.PROTOCOL_ERROR, "trailers that do not end the stream");
      stream.receiveEnd(fields);
    } catch (error) {
      this.onFault(stream, error);
    }
  }

  onReset(streamId: number, code: number): void {
    const stream = this.#connection.streams.get(streamId);
    if (stream === undefined) this.#refuseIdle(streamId, "RST_STREAM");
    else stream.close(code);
  }

  onSettings(bytes: Buffer, start: number, end: number): void {
    const { peer, headers, output, streams, line } = this.#connection;
    const before = peer.initialWindowSize;
    takeSettings(bytes, start, end, peer);
    headers.maxTableBytes = peer.headerTableSize;
    this.#countReply();
    output.frame(FrameType.SETTINGS, Flag.ACK, 0);
    const grown = peer.initialWindowSize - before;
    this.#idle(grown === 0 ? 1 : streams.size + 1);
    if (grown !== 0) for (const stream of streams.all()) this.#resize(stream, grown);
    this.#connection.onSettings();
    line.advance(this.#connection);
  }

  onSettingsAck(): void {
    const { streams, settingsAcked } = this.#connection;
    this.#connection.settingsAcked = true;
    if (settingsAcked) this.onIdleFrame();
    else for (const stream of streams.all()) stream.widen();
  }

  onPing(bytes: Buffer, start: number, end: number): void {
    this.#countReply();
    this.#connection.output.frame(FrameType.PING, Flag.ACK, 0, bytes, start, end);
    this.#connection.onPing();
  }

  onPong(): void {
    this.#connection.pings.onPong();
  }

  onGoaway(lastStreamId: number, code: number): void {
    this.#connection.onGoaway(code, lastStreamId);
  }

  onWindowUpdate(streamId: number, bytes: number): void {
    const connection = this.#connection;
    if (streamId === 0) {
      connection.sendWindow += bytes;
      if (connection.sendWindow > MAX_WINDOW_BYTES) {
        throw new ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "too large a window");
      }
    } else {
      const stream = connection.streams.get(streamId);
      if (stream === undefined) this.#refuseIdle(streamId, "WINDOW_UPDATE");
      else if (!this.#open(stream, bytes)) {
        this.onFault(stream, new StreamFault(ErrorCode.FLOW_CONTROL_ERROR, "too large a window"));
      }
    }
    connection.line.advance(connection);
  }

  onIdleFrame(): void {
    this.#idle(1);
  }

  onStreamFault(streamId: number, code: number): void {
    const stream = this.#connection.streams.get(streamId);
    if (stream !== undefined) this.onFault(stream, new StreamFault(code, "a malformed frame"));
    else {
      if (this.#connection.isIdle(streamId)) throw new ConnectionFault(code, "a malformed frame of no stream");
      this.#countReply();
      this.#connection.output.word(FrameType.RST_STREAM, streamId, code);
    }
  }

  /** Resets the stream if that is all that is wrong; else throws. */
  onFault(stream: Http2Stream, error: unknown): void {
    if (!(error instanceof StreamFault)) throw error;
    if (++this.#faults > MAX_FAULTS) throw new ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many faulty streams");
    stream.refuse(error.code);
  }

  /** The window of a stream has changed, maybe to less than nothing. False if it is too large. */
  #open(stream: Http2Stream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > 0 && stream.writableLength > 0) this.#connection.line.add(stream);
    return stream.sendWindow <= MAX_WINDOW_BYTES;
  }

  /** The peer has changed the windows of all streams. */
  #resize(stream: Http2Stream, bytes: number): void {
    if (!this.#open(stream, bytes)) throw new ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "too large a window");
  }

  #idle(steps: number): void {
    this.#idleSteps += steps;
    if (this.#idleSteps > MAX_IDLE_STEPS) {
      throw new ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too much work for nothing");
    }
  }

  /**
   * Data came on any stream. The connection's window is opened again whatever becomes of it, in large steps: what streams hold back is bounded by
   * their own windows, and must not hold up other streams.
   */
  #receive(bytes: number): void {
    this.#receivedBytes += bytes;
    if (this.#receivedBytes < this.#limits.windowBytes / 2) return;
    this.#connection.output.windowUpdate(0, this.#receivedBytes);
    this.#receivedBytes = 0;
  }

  #refuseIdle(streamId: number, frame: string): void {
    if (this.#connection.isIdle(streamId)) {
      throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, `${frame} of a stream that was not opened`);
    }
  }

  /** A peer that makes us answer, and does not read, may not fill the memory. */
  #countReply(): void {
    if (!this.#connection.output.congested) this.#unreadReplies = 0;
    else if (++this.#unreadReplies > MAX_UNREAD_REPLIES) {
      throw new ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many replies that were not read");
    }
  }
}
