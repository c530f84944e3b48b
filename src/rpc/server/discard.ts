import type { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import { ErrorCode } from "../../http2/protocol.ts";
import type { Http2Stream } from "../../http2/stream.ts";
import type { ClosedStream, StreamListener } from "../../http2/stream-listener.ts";

const HANG_UP_MS = 1000;
const MAX_BYTES = 1 << 20;

/**
 * For a client that is still sending when its answer is complete: reads and drops what comes in the next second, up to 1 MiB, because some
 * clients read the answer only after they have sent everything. Then calls hangUp, unless the request has ended.
 */
export function discard(source: Readable, hangUp: () => void): void {
  let left = MAX_BYTES;
  const count = (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) end();
  };
  const end = () => {
    clearTimeout(timer);
    source.off("data", count).pause(); // an answer may still be on its way, but nothing more is read
    hangUp();
  };
  const timer = setTimeout(end, HANG_UP_MS).unref();
  source.on("data", count);
  const settled = () => clearTimeout(timer);
  source.once("end", settled).once("close", settled);
  source.resume();
}

/** The same for an HTTP/2 stream, which it resets in the end. The stream's listener only hears of its end from now on. */
export function discardRequest(stream: Http2Stream): void {
  if (stream.closed || stream.ended) return;
  stream.listener = new Discarding(stream);
  stream.resume();
}

class Discarding implements StreamListener {
  readonly #stream: Http2Stream;
  readonly #before: StreamListener | undefined;
  readonly #timer: NodeJS.Timeout;
  #left = MAX_BYTES;
  #isOver = false;

  constructor(stream: Http2Stream) {
    this.#stream = stream;
    this.#before = stream.listener;
    this.#timer = setTimeout(() => this.#hangUp(), HANG_UP_MS).unref();
  }

  onData(chunk: Buffer): void {
    this.#left -= chunk.length;
    if (this.#left < 0) this.#hangUp();
  }

  onEnd(): void {
    clearTimeout(this.#timer);
  }

  onDrain(): void {}

  onSent(): void {
    if (this.#isOver) this.#stream.reset(ErrorCode.NO_ERROR);
  }

  onClose(stream: ClosedStream): void {
    clearTimeout(this.#timer);
    this.#before?.onClose(stream);
  }

  /** Nothing more is read. An answer that is still on its way comes first. */
  #hangUp(): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
    if (this.#stream.sent) this.#stream.reset(ErrorCode.NO_ERROR);
    else this.#stream.pause();
  }
}
