import type { Socket } from "node:net";
import { Http2Connection, type Http2ConnectionListener, type Http2ConnectionOptions } from "./connection.ts";
import { announcedBytes, fieldsOf, type RawFields } from "./fields.ts";
import { ConnectionFault, ErrorCode, MAX_STREAM_ID, PREFACE, StreamFault } from "./protocol.ts";
import { Http2Stream } from "./stream.ts";
import type { StreamListener } from "./stream-listener.ts";

/** The client's end of a connection. */
export class ClientConnection extends Http2Connection {
  #nextStreamId = 1;

  constructor(socket: Socket, options: Http2ConnectionOptions, listener: Http2ConnectionListener) {
    super(socket, false, options, listener);
    socket.setNoDelay();
    socket.write(PREFACE);
    this.begin();
  }

  get lastPeerStreamId(): number {
    return 0; // a server opens none
  }

  /** Whether it can open no more streams, whatever the server allows. */
  get isUsedUp(): boolean {
    return this.closed || this.#nextStreamId > MAX_STREAM_ID;
  }

  /**
   * Sends the fields of a request: a list that is shared by many, and its own. Who calls this sees to it that the server takes one more stream.
   * Throws TypeError for fields that cannot be sent.
   */
  request(shared: RawFields, own: RawFields | undefined, listener: StreamListener, endsStream = false): Http2Stream {
    if (this.isUsedUp) throw new Error("the connection takes no more streams");
    const stream = new Http2Stream(this.#nextStreamId, this, this.peer.initialWindowSize, listener);
    stream.awaitsHead = true;
    stream.sendHeaders(shared, own, endsStream);
    this.#nextStreamId += 2;
    this.streams.add(stream);
    return stream;
  }

  /** Streams that the server does not serve are over, as refused; if it ends the connection for an error, all are. */
  override onGoaway(code: number, lastStreamId: number): void {
    super.onGoaway(code, lastStreamId);
    for (const stream of this.streams.all()) {
      if (stream.id > lastStreamId) stream.close(ErrorCode.REFUSED_STREAM);
    }
    if (code === ErrorCode.NO_ERROR) this.close();
    else this.destroy(new Error(`the server ends the connection (${code})`), ErrorCode.NO_ERROR);
  }

  isIdle(streamId: number): boolean {
    return streamId >= this.#nextStreamId || streamId % 2 === 0;
  }

  receiveLate(): void {} // it was on its way when the stream was reset

  receiveHead(streamId: number, raw: RawFields, endsStream: boolean, fault: StreamFault | undefined): void {
    if (this.isIdle(streamId)) throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, "HEADERS of an idle stream");
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    try {
      if (fault !== undefined) throw fault;
      const fields = fieldsOf(raw, "response");
      if (fields[":status"]!.toString().startsWith("1")) {
        if (endsStream) throw new StreamFault(ErrorCode.PROTOCOL_ERROR, "an interim answer that ends the stream");
        return;
      }
      stream.awaitsHead = false;
      if (!endsStream) stream.expect(announcedBytes(fields));
      stream.remoteEnded = endsStream;
      stream.listener?.onHeaders?.(fields, endsStream);
      if (endsStream && !stream.closed) stream.receiveEnd(undefined);
    } catch (error) {
      this.receiver.onFault(stream, error);
    }
  }
}
