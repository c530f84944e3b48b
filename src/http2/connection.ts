import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { RawFields } from "./fields.ts";
import { FrameHandler } from "./frame-handler.ts";
import { FrameReader } from "./frame-reader.ts";
import { HeaderWriter } from "./header-writer.ts";
import { HpackError } from "./hpack/hpack-error.ts";
import { lingerAndClose } from "./linger.ts";
import { Output } from "./output.ts";
import { Pings } from "./pings.ts";
import { ConnectionFault, DEFAULT_WINDOW_BYTES, ErrorCode, FrameType, type StreamFault } from "./protocol.ts";
import { type ReceiveLimits, Receiver, type Receiving } from "./receiver.ts";
import { SendLine } from "./send-line.ts";
import { type Http2Settings, initialPeerSettings, settingsPayload } from "./settings.ts";
import type { Http2Stream, StreamOwner } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

type OwnSettings = Http2Settings & { readonly initialWindowSize: number };

export type Http2ConnectionOptions = ReceiveLimits & {
  /** What this end says of itself. */
  readonly settings: OwnSettings;
  /** Names of the fields that this end sends with the same values again and again. */
  readonly repeatedFields: ReadonlySet<string>;
};

/** Each is called synchronously, while its cause is handled. */
export type Http2ConnectionListener = {
  /** All that has come together is handled. */
  onRead?(): void;
  /** The peer asks for a sign of life; it is answered already. */
  onPing?(): void;
  /** The peer's settings have come, or changed. */
  onSettings?(): void;
  /** The peer serves no streams after this one. */
  onGoaway?(code: number, lastStreamId: number): void;
  /** The connection is over, and so are its streams. Comes once. Without an error, one of both sides ended it in peace. */
  onClose(error: Error | undefined): void;
  /** A listener threw, which should not be: the connection ends with INTERNAL_ERROR. */
  onError?(error: unknown): void;
};

/** One end of an HTTP/2 connection (RFC 9113) over a socket, in plain JavaScript: node:http2 costs more than all else that a call needs. */
export abstract class Http2Connection implements Receiving, StreamOwner {
  readonly socket: Socket;
  readonly output: Output;
  readonly headers: HeaderWriter;
  readonly line: SendLine;
  readonly pings: Pings;
  readonly peer = initialPeerSettings();
  readonly streams = new StreamTable();
  sendWindow = DEFAULT_WINDOW_BYTES;
  settingsAcked = false;
  /** Whether it handles something that has come. */
  isReading = false;
  /** It takes no new streams. */
  closed = false;
  /** It is over. */
  destroyed = false;
  protected readonly listener: Http2ConnectionListener;
  protected readonly receiver: Receiver;
  readonly #reader: FrameReader;
  readonly #isServer: boolean;
  readonly #windowBytes: number;
  #settings: OwnSettings;
  #error: Error | undefined;

  /** The socket may still be connecting. It belongs to the connection from now on. */
  constructor(socket: Socket, isServer: boolean, options: Http2ConnectionOptions, listener: Http2ConnectionListener) {
    this.socket = socket;
    this.listener = listener;
    this.output = new Output(socket, () => this.#onFlushed());
    this.headers = new HeaderWriter(this.output, options.repeatedFields);
    this.line = new SendLine(this.output);
    this.pings = new Pings(this.output);
    this.receiver = new Receiver(this, options);
    this.#reader = new FrameReader(new FrameHandler(this.receiver), isServer);
    this.#isServer = isServer;
    this.#windowBytes = options.windowBytes;
    this.#settings = options.settings;
    socket.on("data", (chunk: Buffer) => this.#onChunk(chunk));
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    // Whoever has ended is not served any more, but may still take what was sent.
    socket.on("end", () => this.#end(this.streams.size === 0 ? ErrorCode.NO_ERROR : ErrorCode.CANCEL));
    socket.on("close", () => this.#end(ErrorCode.CANCEL));
  }

  /** Sends what comes first on a connection. */
  protected begin(): void {
    this.output.frame(FrameType.SETTINGS, 0, 0, settingsPayload(this.#settings));
    const more = this.#windowBytes - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.output.windowUpdate(0, more);
  }

  /** The highest id that the peer has opened. */
  abstract get lastPeerStreamId(): number;
  abstract receiveHead(streamId: number, raw: RawFields, endsStream: boolean, fault: StreamFault | undefined): void;
  abstract receiveLate(streamId: number): void;
  abstract isIdle(streamId: number): boolean;

  onPing(): void {
    this.listener.onPing?.();
  }

  onSettings(): void {
    this.listener.onSettings?.();
  }

  onGoaway(code: number, lastStreamId: number): void {
    this.listener.onGoaway?.(code, lastStreamId);
  }

  get receiveWindowBytes(): number {
    const { initialWindowSize } = this.#settings;
    // Until the peer knows ours, it sends by the default.
    return this.settingsAcked ? initialWindowSize : Math.max(initialWindowSize, DEFAULT_WINDOW_BYTES);
  }

  /** Why it is over; undefined while it is not, and if one of both sides ended it in peace. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Changes how many streams this end takes at once. */
  announceMaxStreams(maxConcurrentStreams: number): void {
    if (this.destroyed) return;
    this.#settings = { ...this.#settings, maxConcurrentStreams };
    this.output.frame(FrameType.SETTINGS, 0, 0, settingsPayload({ maxConcurrentStreams }));
  }

  /** What this end says of how many streams it takes at once. */
  get maxConcurrentStreams(): number {
    return this.#settings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
  }

  /** Asks the peer for a sign of life. */
  ping(onPong: () => void): void {
    if (!this.destroyed) this.pings.send(onPong);
  }

  /** Tells the peer that streams above the id are not served. */
  goaway(code: number, lastStreamId: number, reason = ""): void {
    if (this.destroyed) return;
    const payload = Buffer.alloc(8 + Buffer.byteLength(reason));
    payload.writeUInt32BE(lastStreamId, 0);
    payload.writeUInt32BE(code, 4);
    payload.write(reason, 8);
    this.output.frame(FrameType.GOAWAY, 0, 0, payload);
  }

  /** Takes no new streams, and ends when those that there are have ended. */
  close(): void {
    if (this.closed || this.destroyed) return;
    this.closed = true;
    this.goaway(ErrorCode.NO_ERROR, this.lastPeerStreamId);
    if (this.streams.size === 0) this.#end(ErrorCode.NO_ERROR);
  }

  /** Tells the peer why, ends all streams, and closes. What the socket has is still sent, if the peer reads it soon. */
  destroy(error: Error | undefined, code: number, reason?: string): void {
    if (this.destroyed) return;
    this.#error ??= error;
    this.goaway(code, this.lastPeerStreamId, reason);
    this.#end(code === ErrorCode.NO_ERROR ? ErrorCode.CANCEL : code);
  }

  sendHeaders(streamId: number, shared: RawFields, own: RawFields | undefined, endsStream: boolean): void {
    this.headers.send(streamId, shared, own, endsStream);
  }

  waitInLine(stream: Http2Stream): void {
    this.line.add(stream);
  }

  forget(stream: Http2Stream): void {
    this.streams.delete(stream.id);
    this.line.delete(stream);
    if (this.closed && this.streams.size === 0) this.#end(ErrorCode.NO_ERROR);
  }

  #onChunk(chunk: Buffer): void {
    if (this.destroyed) return;
    try {
      this.isReading = true;
      this.#reader.read(chunk);
      this.isReading = false;
      this.listener.onRead?.();
    } catch (error) {
      this.isReading = false;
      this.#fail(error);
    }
    // A client that takes no answers makes no more requests. Both ends must not do this, or they could wait for each other.
    if (this.#isServer && !this.destroyed) this.output.holdBack();
  }

  /** There may be room for more. */
  #onFlushed(): void {
    if (this.destroyed) return;
    try {
      this.line.advance(this);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const code = codeOf(error);
    if (code === ErrorCode.INTERNAL_ERROR) this.listener.onError?.(error);
    this.destroy(error as Error, code);
  }

  #end(code: number): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.closed = true;
    this.#reader.stop();
    this.line.clear();
    this.pings.clear();
    for (const stream of this.streams.all()) {
      try {
        stream.close(code);
      } catch (error) {
        this.listener.onError?.(error); // the others are to be closed all the same
      }
    }
    this.output.flush();
    this.output.close();
    lingerAndClose(this.socket, code === ErrorCode.NO_ERROR);
    this.listener.onClose(this.#error);
  }
}

function codeOf(error: unknown): number {
  if (error instanceof ConnectionFault) return error.code;
  return error instanceof HpackError ? ErrorCode.COMPRESSION_ERROR : ErrorCode.INTERNAL_ERROR;
}
