import type { Output } from "./output.ts";
import type { Http2Stream } from "./stream.ts";

/** Streams with data that they could not send, since the connection's window or the socket had no room. They send a frame each, in turn. */
export class SendLine {
  readonly #streams = new Set<Http2Stream>();
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  add(stream: Http2Stream): void {
    this.#streams.add(stream);
  }

  delete(stream: Http2Stream): void {
    this.#streams.delete(stream);
  }

  clear(): void {
    this.#streams.clear();
  }

  /** Sends what the peer and the socket have room for. */
  advance(peer: { readonly sendWindow: number }): void {
    if (this.#streams.size === 0) return;
    // A stream that has more comes to the end of the line, and so to the end of this loop.
    for (const stream of this.#streams) {
      if (peer.sendWindow <= 0 || this.#output.congested) return;
      this.#streams.delete(stream);
      if (stream.pumpOnce()) this.#streams.add(stream);
    }
  }
}
