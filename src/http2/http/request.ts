import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { Fields, RawFields } from "../fields.ts";
import type { Http2Stream } from "../stream.ts";

/** Larger pieces are kept as they come. */
const SMALL_BYTES = 1024;

/** A request as node's IncomingMessage has it: its body is what is read. Closed without an end if it is cut off. */
export class Http2Request extends Readable {
  readonly httpVersion = "2.0";
  readonly httpVersionMajor = 2;
  readonly stream: Http2Stream;
  readonly headers: Fields;
  readonly rawHeaders: string[];
  /** Whether the request has no body. */
  readonly endsWithHead: boolean;
  readonly #socket: Socket;

  constructor(stream: Http2Stream, fields: Fields, raw: RawFields, socket: Socket) {
    // With 1, nothing is buffered here: data that nobody reads stays with the stream, whose window then closes.
    super({ highWaterMark: 1, emitClose: true });
    this.stream = stream;
    this.headers = fields;
    this.rawHeaders = raw as string[];
    this.endsWithHead = stream.remoteEnded;
    this.#socket = socket;
  }

  get method(): string {
    return this.headers[":method"] ?? "";
  }

  get url(): string {
    return this.headers[":path"] ?? "";
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** Whether all of it has come. */
  get complete(): boolean {
    return this.stream.remoteEnded;
  }

  receive(chunk: Buffer): void {
    if (!this.push(chunk.length < SMALL_BYTES ? Buffer.from(chunk) : chunk)) this.stream.pause();
  }

  override _read(): void {
    this.stream.resume();
  }
}
