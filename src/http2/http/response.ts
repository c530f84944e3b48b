import { Buffer } from "node:buffer";
import { type OutgoingHttpHeader, type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from "node:http";
import { Writable } from "node:stream";
import { NO_FIELDS, OF_CONNECTIONS } from "../fields.ts";
import { ErrorCode } from "../protocol.ts";
import type { Http2Stream } from "../stream.ts";
import { httpDate } from "./http-date.ts";

const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** What a handler may write before it must wait. */
const HIGH_WATER_BYTES = 16 << 10;

type Done = (error?: Error | null) => void;

/**
 * An answer as node's ServerResponse has it. "finish" comes when all of it is sent, "close" then or when the client is gone. Headers that cannot
 * be sent are refused with node's errors.
 */
export class Http2Response extends Writable {
  readonly stream: Http2Stream;
  statusCode = 200;
  /** Whether it is for HEAD, or of a status that has no body: then what is written of one is dropped. */
  #isBodiless: boolean;
  readonly #headers = new Map<string, OutgoingHttpHeader>();
  /** The only part of the body, if end() has it. */
  #whole: Buffer | undefined;
  #waiting: Done | undefined;

  constructor(stream: Http2Stream, method: string) {
    super({ decodeStrings: true, highWaterMark: HIGH_WATER_BYTES });
    this.stream = stream;
    this.#isBodiless = method === "HEAD";
  }

  get headersSent(): boolean {
    return this.stream.headersSent;
  }

  getHeader(name: string): OutgoingHttpHeader | undefined {
    return this.#headers.get(name.toLowerCase());
  }

  setHeader(name: string, value: OutgoingHttpHeader): this {
    if (this.headersSent) throw new Error(`cannot set the header ${name} after the head of the answer`);
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, String(one));
    const key = name.toLowerCase();
    if (!OF_CONNECTIONS.has(key)) this.#headers.set(key, value);
    return this;
  }

  /** Sets the status and headers; they are sent with the first part of the body, or the end. */
  writeHead(status: number, headers: OutgoingHttpHeaders = {}): this {
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) this.setHeader(name, value);
    }
    this.statusCode = status;
    return this;
  }

  flushHeaders(): void {
    if (this.headersSent || this.stream.closed) return;
    this.#isBodiless ||= BODILESS.has(this.statusCode);
    this.#sendHead(false);
  }

  /** Tells a client that waits for it to send the body. */
  writeContinue(): void {
    this.stream.sendInterim([":status", "100"]);
  }

  override end(...args: unknown[]): this {
    const [chunk, encoding] = args;
    if (
      !this.headersSent &&
      !this.writableEnded &&
      this.writableLength === 0 &&
      (typeof chunk === "string" || chunk instanceof Uint8Array)
    ) {
      this.#whole = typeof chunk === "string" ? Buffer.from(chunk, encodingOf(encoding)) : Buffer.from(chunk);
      return super.end(args.find((arg) => typeof arg === "function") as (() => void) | undefined);
    }
    return super.end(...(args as []));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.stream.closed) return; // "close" follows
    try {
      this.flushHeaders();
    } catch (error) {
      done(error as Error);
      return;
    }
    // Later, as with a socket: a handler that writes much lets others have their turn.
    if (this.#isBodiless || this.stream.write(chunk)) setImmediate(done);
    else this.#waiting = done;
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: Done): void {
    this._write(chunks.length === 1 ? chunks[0]!.chunk : Buffer.concat(chunks.map(({ chunk }) => chunk)), "utf8", done);
  }

  override _final(done: Done): void {
    if (this.stream.closed) return;
    this.#isBodiless ||= BODILESS.has(this.statusCode);
    const body = this.#isBodiless || this.#whole?.length === 0 ? undefined : this.#whole;
    try {
      this.#waiting = done;
      if (body === undefined && !this.headersSent) this.#sendHead(true);
      else {
        this.flushHeaders();
        this.stream.end(body);
      }
    } catch (error) {
      done(error as Error);
    }
  }

  override _destroy(error: Error | null, done: Done): void {
    if (!this.stream.sent) this.stream.reset(ErrorCode.INTERNAL_ERROR);
    done(error);
  }

  /** The stream has taken what was written. */
  proceed(): void {
    const done = this.#waiting;
    this.#waiting = undefined;
    done?.();
  }

  #sendHead(endsStream: boolean): void {
    const fields: string[] = [":status", String(this.statusCode)];
    if (this.statusCode === 204 || this.statusCode === 205) this.#headers.delete("content-length"); // which clients refuse
    for (const [name, value] of this.#headers) {
      for (const one of [value].flat()) fields.push(name, String(one));
    }
    if (!this.#headers.has("date")) fields.push("date", httpDate());
    this.stream.sendHeaders(NO_FIELDS, fields, endsStream);
  }
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8";
}
