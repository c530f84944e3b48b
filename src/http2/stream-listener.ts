import type { Buffer } from "node:buffer";
import type { Fields } from "./fields.ts";

/** How a stream ended. */
export type ClosedStream = {
  /** Whether all of this side was sent, and all of the other side taken. */
  readonly sent: boolean;
  readonly ended: boolean;
  /** Why it was reset, by the peer or from here. */
  readonly rstCode: number;
  /** Whether this end wanted that. */
  readonly resetHere: boolean;
};

/** What happens on a stream. Each is called synchronously, while its cause is handled. */
export type StreamListener = {
  /** On a client: the answer begins. `endsStream`: and ends. */
  onHeaders?(fields: Fields, endsStream: boolean): void;
  /** A part of what the peer sends. It lies in memory that is used by others: copy what you keep. */
  onData(chunk: Buffer): void;
  /** So many bytes more are held back, since the stream is paused; less, if negative: they are given next. */
  onHold?(bytes: number): void;
  /** The peer has sent everything, and some of it is held back, since the stream is paused. It comes with resume(), and onEnd() after it. */
  onHeldEnd?(): void;
  /** The peer has sent everything, and it was taken. */
  onEnd(trailers: Fields | undefined): void;
  /** All that was written is sent, after write() returned false. */
  onDrain(): void;
  /** All that was written is sent, and so is the end. */
  onSent(): void;
  /** The stream is over: both sides have sent everything, or one of them reset it (see rstCode), or the connection is gone. Comes last. */
  onClose(stream: ClosedStream): void;
};
