import type { Buffer } from "node:buffer";
import type { Fields, RawFields } from "./fields.ts";
import { Intake } from "./intake.ts";
import type { Output } from "./output.ts";
import { ErrorCode, Flag, FrameType, StreamFault } from "./protocol.ts";
import { SendQueue } from "./send-queue.ts";
import type { StreamListener } from "./stream-listener.ts";

/** What a stream needs of its connection. */
export type StreamOwner = {
  readonly output: Output;
  /** Bytes that the peer still takes on this connection. */
  sendWindow: number;
  /** What a stream may send before it must stop. */
  readonly receiveWindowBytes: number;
  sendHeaders(streamId: number, shared: RawFields, own: RawFields | undefined, endsStream: boolean): void;
  /** It has data that it could not send. */
  waitInLine(stream: Http2Stream): void;
  forget(stream: Http2Stream): void;
  /** Ends the connection. */
  destroy(error: Error | undefined, code: number): void;
};

/** A request and its answer. */
export class Http2Stream {
  readonly id: number;
  readonly owner: StreamOwner;
  listener: StreamListener | undefined;
  /** Why it was reset, by the peer or from here. */
  rstCode: number = ErrorCode.NO_ERROR;
  /** Whether this end wanted it so, and whether it has told the peer. */
  resetHere = false;
  resetSent = false;
  headersSent = false;
  /** Whether the peer has sent everything, and whether all of that was taken. */
  remoteEnded = false;
  ended = false;
  /** Whether everything was written here, and whether it is sent. */
  writableEnded = false;
  sent = false;
  /** Nothing more is sent or comes. What was held back is dropped. */
  closed = false;
  /** Bytes that the peer still takes on this stream. */
  sendWindow: number;
  /** On a client: the answer has not begun. */
  awaitsHead = false;
  readonly #queue = new SendQueue();
  readonly #intake: Intake;
  #isBehind = false;

  constructor(id: number, owner: StreamOwner, sendWindow: number, listener: StreamListener | undefined) {
    this.id = id;
    this.owner = owner;
    this.sendWindow = sendWindow;
    this.#intake = new Intake(owner.receiveWindowBytes);
    this.listener = listener;
  }

  /** Bytes that were written and are not sent, since the peer or the socket is behind. */
  get writableLength(): number {
    return this.#queue.bytes;
  }

  /** Sends the head of a message: a list that is shared by many, and fields of its own. Throws TypeError for what cannot be sent. */
  sendHeaders(shared: RawFields, own?: RawFields, endsStream = false): void {
    if (this.closed || this.writableEnded) return;
    this.owner.sendHeaders(this.id, shared, own, endsStream);
    this.headersSent = true;
    if (!endsStream) return;
    this.writableEnded = true;
    this.#wasSent();
  }

  /** Sends an interim answer, such as 100. */
  sendInterim(fields: RawFields): void {
    if (!this.closed && !this.headersSent) this.owner.sendHeaders(this.id, fields, undefined, false);
  }

  /** Sends a part of the body, which must not be changed afterwards. False: wait for onDrain(). */
  write(chunk: Uint8Array): boolean {
    if (this.closed || this.writableEnded) return true;
    this.#queue.add(chunk);
    this.#pump();
    this.#isBehind ||= this.#queue.isLong;
    return !this.#isBehind;
  }

  /**
   * Sends the last part, and trailers if there are any: a list that is shared by many, and fields of its own. Throws TypeError for what cannot be
   * sent; then reset the stream.
   */
  end(chunk?: Uint8Array, trailers?: RawFields, ownTrailers?: RawFields): void {
    if (this.closed || this.writableEnded) return;
    if (chunk !== undefined) this.#queue.add(chunk);
    this.writableEnded = true;
    this.#queue.end(trailers, ownTrailers);
    this.#pump();
    if (!this.sent) this.#queue.checkTrailers();
  }

  /** Ends the stream at once: nothing that waits is sent. */
  reset(code: number): void {
    this.resetHere ||= !this.closed;
    this.refuse(code);
  }

  /** The same, for a fault of the peer. */
  refuse(code: number): void {
    if (this.closed) return;
    this.resetSent = true;
    this.owner.output.word(FrameType.RST_STREAM, this.id, code);
    this.close(code);
  }

  /** From now on, data is held back, and soon the peer must stop. */
  pause(): void {
    this.#intake.isPaused = true;
  }

  resume(): void {
    const intake = this.#intake;
    intake.isPaused = false;
    for (let chunk = intake.next(); chunk !== undefined; chunk = intake.next()) {
      this.listener?.onHold?.(-chunk.length);
      this.listener?.onData(chunk);
      this.#took(chunk.length);
      if (intake.isPaused) return;
    }
    if (this.remoteEnded && !this.ended && !this.closed) this.#end(intake.trailers);
  }

  get isPaused(): boolean {
    return this.#intake.isPaused;
  }

  /** For connections: how much content-length announces. Throws StreamFault. */
  expect(bytes: number | undefined): void {
    this.#intake.expect(bytes);
  }

  /** For connections: data came; `flowBytes`: with its padding. Throws StreamFault. */
  receive(bytes: Buffer, start: number, end: number, flowBytes: number): void {
    const length = end - start;
    const fault = this.#faultOf(length, flowBytes);
    if (fault !== undefined) throw fault;
    if (flowBytes > length) this.#took(flowBytes - length);
    if (this.#intake.mustHold) {
      this.#intake.hold(bytes, start, end);
      this.listener?.onHold?.(length);
      return;
    }
    if (length > 0) this.listener?.onData(bytes.subarray(start, end));
    this.#took(length);
  }

  /** For connections: the peer has sent everything. Throws StreamFault. */
  receiveEnd(trailers: Fields | undefined): void {
    if (this.closed) return; // by the listener, when it got the last data
    if (this.#intake.isShort) throw new StreamFault(ErrorCode.PROTOCOL_ERROR, "less data than announced");
    this.remoteEnded = true;
    if (this.#intake.mustHold) {
      this.#intake.trailers = trailers;
      this.listener?.onHeldEnd?.();
    } else this.#end(trailers);
  }

  /** For connections: the peer knows the size of windows now. It may have sent less than half of what it could before, and wait. */
  widen(): void {
    this.#took(0);
  }

  /** For connections: sends what the windows and the socket have room for, at most one frame. False: it need not wait in line. */
  pumpOnce(): boolean {
    this.#queue.sendFrame(this);
    return this.#afterSending();
  }

  /** For connections: nothing more happens, whatever was under way. */
  close(code: number): void {
    if (this.closed) return;
    this.closed = true;
    this.rstCode = code;
    this.#queue.clear();
    this.#intake.drop();
    this.owner.forget(this);
    this.listener?.onClose(this);
  }

  #pump(): void {
    while (this.#queue.sendFrame(this)) {}
    if (this.#afterSending()) this.owner.waitInLine(this);
  }

  /** Whether something waits that could be sent once the socket or the connection has room. */
  #afterSending(): boolean {
    if (this.#queue.bytes > 0) return this.sendWindow > 0;
    if (this.#isBehind) {
      this.#isBehind = false;
      if (!this.writableEnded) this.listener?.onDrain();
    }
    if (this.#queue.bytes > 0) return this.sendWindow > 0; // which onDrain() may have written
    if (!this.writableEnded || this.sent || this.closed) return false;
    const { trailers, ownTrailers, saidEnd } = this.#queue;
    if (trailers !== undefined) this.owner.sendHeaders(this.id, trailers, ownTrailers, true);
    else if (!saidEnd) this.owner.output.frame(FrameType.DATA, Flag.END_STREAM, this.id);
    this.#wasSent();
    return false;
  }

  #wasSent(): void {
    this.sent = true;
    this.listener?.onSent();
    this.#settle();
  }

  #end(trailers: Fields | undefined): void {
    this.ended = true;
    this.listener?.onEnd(trailers);
    this.#settle();
  }

  #settle(): void {
    if (this.sent && this.ended) this.close(ErrorCode.NO_ERROR);
  }

  #faultOf(length: number, flowBytes: number): StreamFault | undefined {
    if (this.remoteEnded) return new StreamFault(ErrorCode.STREAM_CLOSED, "data after the end");
    if (this.awaitsHead) return new StreamFault(ErrorCode.PROTOCOL_ERROR, "data before the fields");
    return this.#intake.count(length, flowBytes);
  }

  /** Data was taken: gives the peer room for more. */
  #took(bytes: number): void {
    if (this.closed || this.remoteEnded) return;
    const opened = this.#intake.take(bytes, this.owner.receiveWindowBytes);
    if (opened > 0) this.owner.output.windowUpdate(this.id, opened);
  }
}
