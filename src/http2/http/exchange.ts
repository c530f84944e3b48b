import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Fields, RawFields } from "../fields.ts";
import type { Http2Stream } from "../stream.ts";
import type { ClosedStream, StreamListener } from "../stream-listener.ts";
import { Http2Request } from "./request.ts";
import { Http2Response } from "./response.ts";

export type ExchangeListener = Pick<StreamListener, "onHold"> & {
  /** The stream is over. `isCut`: the client cut the answer off. */
  onClose(isCut: boolean): void;
};

/** A request of a server's stream and its answer, as node has them for HTTP/1.1. */
export function openExchange(
  stream: Http2Stream,
  fields: Fields,
  raw: RawFields,
  socket: Socket,
  listener: ExchangeListener,
): Exchange {
  return new Exchange(stream, new Http2Request(stream, fields, raw, socket), listener);
}

class Exchange implements StreamListener {
  readonly req: Http2Request;
  readonly res: Http2Response;
  /** Whether the request was given to its readers to the end. */
  #isRead = false;
  readonly #listener: ExchangeListener;

  constructor(stream: Http2Stream, req: Http2Request, listener: ExchangeListener) {
    this.req = req;
    this.res = new Http2Response(stream, req.method);
    this.#listener = listener;
    stream.listener = this;
  }

  onData(chunk: Buffer): void {
    this.req.receive(chunk);
  }

  onHold(bytes: number): void {
    this.#listener.onHold?.(bytes);
  }

  onEnd(): void {
    this.#isRead = true;
    this.req.push(null);
  }

  onDrain(): void {
    this.res.proceed();
  }

  onSent(): void {
    this.res.proceed();
  }

  onClose(stream: ClosedStream): void {
    this.#listener.onClose(!stream.sent && !stream.resetHere);
    if (!this.#isRead) this.req.destroy();
    if (!stream.sent) this.res.destroy();
  }
}
