import type { Socket } from "node:net";
import { Http2Connection, type Http2ConnectionListener, type Http2ConnectionOptions } from "./connection.ts";
import { announcedBytes, type Fields, fieldsOf, type RawFields } from "./fields.ts";
import { ConnectionFault, ErrorCode, FrameType, MAX_STREAM_ID, StreamFault } from "./protocol.ts";
import { Http2Stream } from "./stream.ts";

export type ServerConnectionListener = Http2ConnectionListener & {
  /**
   * A request has begun; its body follows, if `endsStream` is not true. Set the stream's listener within this call. `raw` has the fields as
   * they came.
   */
  onStream(stream: Http2Stream, fields: Fields, raw: RawFields, endsStream: boolean): void;
};

/** Streams that were reset from here, for which the client may still send fields. */
const REMEMBERED_RESETS = 100;

/** The server's end of a connection. */
export class ServerConnection extends Http2Connection {
  declare protected readonly listener: ServerConnectionListener;
  #lastPeerStreamId = 0;
  /** Streams above it are not served. */
  #lastServedId = MAX_STREAM_ID;
  readonly #reset = new Set<number>();

  constructor(socket: Socket, options: Http2ConnectionOptions, listener: ServerConnectionListener) {
    super(socket, true, options, listener);
    this.begin();
  }

  get lastPeerStreamId(): number {
    return this.#lastPeerStreamId;
  }

  override goaway(code: number, lastStreamId: number, reason?: string): void {
    super.goaway(code, lastStreamId, reason);
    this.#lastServedId = Math.min(this.#lastServedId, lastStreamId);
  }

  /** A client that says so opens no more streams, and waits for those that it has. */
  override onGoaway(code: number, lastStreamId: number): void {
    super.onGoaway(code, lastStreamId);
    this.close();
  }

  override forget(stream: Http2Stream): void {
    if (stream.resetSent) {
      this.#reset.add(stream.id);
      if (this.#reset.size > REMEMBERED_RESETS) {
        const [oldest] = this.#reset;
        this.#reset.delete(oldest!);
      }
    }
    super.forget(stream);
  }

  isIdle(streamId: number): boolean {
    return streamId > this.#lastPeerStreamId || streamId % 2 === 0;
  }

  receiveLate(streamId: number): void {
    if (!this.#mayBeLate(streamId)) this.output.word(FrameType.RST_STREAM, streamId, ErrorCode.STREAM_CLOSED);
  }

  receiveHead(streamId: number, raw: RawFields, endsStream: boolean, fault: StreamFault | undefined): void {
    if (streamId > this.#lastPeerStreamId) this.#request(streamId, raw, endsStream, fault);
    else if (!this.#mayBeLate(streamId)) {
      throw new ConnectionFault(ErrorCode.STREAM_CLOSED, "HEADERS of a stream that is closed");
    }
  }

  /** Whether frames of the stream, which is not open, may have been on their way when it was reset, or when the client was told to open no more. */
  #mayBeLate(streamId: number): boolean {
    return streamId > this.#lastServedId || this.#reset.has(streamId);
  }

  #request(streamId: number, raw: RawFields, endsStream: boolean, fault: StreamFault | undefined): void {
    if (streamId % 2 === 0) throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, "an even stream id");
    this.#lastPeerStreamId = streamId;
    if (streamId > this.#lastServedId || this.destroyed) return;
    const hasRoom = this.streams.size < this.maxConcurrentStreams;
    const stream = new Http2Stream(streamId, this, this.peer.initialWindowSize, undefined);
    this.streams.add(stream);
    try {
      if (!hasRoom) this.#refuse(stream);
      if (stream.closed) return;
      if (fault !== undefined) throw fault;
      const fields = fieldsOf(raw, "request");
      stream.expect(announcedBytes(fields));
      stream.remoteEnded = endsStream;
      this.listener.onStream(stream, fields, raw, endsStream);
      if (endsStream && !stream.closed) stream.receiveEnd(undefined);
    } catch (error) {
      this.receiver.onFault(stream, error);
    }
  }

  /** One too many. A client that knows how many it may open does so by fault. */
  #refuse(stream: Http2Stream): void {
    if (this.settingsAcked) throw new StreamFault(ErrorCode.REFUSED_STREAM, "too many streams");
    stream.refuse(ErrorCode.REFUSED_STREAM);
  }
}
