import type { Buffer } from "node:buffer";
import type { DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import type { Fields } from "../../../http2/fields.ts";
import type { Http2Stream } from "../../../http2/stream.ts";
import { Deframer, type Frame, wholeFrame } from "../../server/grpc/framing.ts";
import { CallHeaders } from "../call-headers.ts";
import type { Resolvers } from "../wire.ts";
import { Call } from "./call.ts";
import type { CallStart } from "./call-start.ts";
import { incompleteMessage, messageBytes } from "./messages.ts";

/** Sends a message and resolves to the answer. Rejects with ConnectError. */
export function callUnary(start: CallStart<DescMethodUnary>, message: Message): Promise<UnaryResponse> {
  return new Promise((resolve, reject) => {
    new UnaryCall(start, { resolve, reject }).encodeAndBegin(message);
  });
}

class UnaryCall extends Call<DescMethodUnary> {
  readonly #settle: Resolvers<UnaryResponse>;
  #request: Buffer | undefined;
  #response: Frame | undefined;
  /** Of a response that does not come in one piece. */
  #deframer: Deframer | undefined;

  constructor(start: CallStart<DescMethodUnary>, settle: Resolvers<UnaryResponse>) {
    super(start);
    this.#settle = settle;
  }

  encodeAndBegin(message: Message): void {
    const begin = (bytes: Buffer) => {
      this.#request = bytes;
      this.begin();
    };
    const bytes = this.encode(message); // what it throws rejects the call
    if (bytes instanceof Promise) bytes.then(begin, (error) => this.fail(error));
    else begin(bytes);
  }

  protected send(stream: Http2Stream): void {
    stream.end(this.#request);
  }

  protected get repeatable(): boolean {
    return true;
  }

  onDrain(): void {}

  onData(chunk: Buffer): void {
    const { readMaxBytes } = this.start.channel.settings;
    if (this.#response === undefined && this.#deframer === undefined) {
      this.#response = wholeFrame(chunk, readMaxBytes);
      if (this.#response !== undefined) return;
    }
    this.#deframer ??= new Deframer(readMaxBytes);
    const frames: Frame[] = this.#response === undefined ? [] : [this.#response];
    try {
      this.#deframer.push(chunk, frames);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#response = frames[0];
    if (frames.length > 1) this.fail(violation("received extra output message for unary method"));
  }

  protected finish(trailer: Fields | undefined): void {
    if (this.failure !== undefined) this.#settle.reject(this.failure);
    else if (this.#deframer !== undefined && this.#deframer.partialBytes > 0) this.#settle.reject(incompleteMessage());
    else if (this.#response === undefined) {
      this.#settle.reject(violation("missing output message for unary method"));
    } else {
      const bytes = messageBytes(this.#response, this.header, this.start.channel.settings.readMaxBytes);
      if (bytes instanceof Promise) bytes.then((whole) => this.#resolve(whole, trailer), this.#settle.reject);
      else this.#resolve(bytes, trailer);
    }
  }

  #resolve(bytes: Buffer, trailer: Fields | undefined): void {
    const { desc } = this.start.method;
    let message: Message;
    try {
      message = this.start.method.parse(bytes);
    } catch (error) {
      this.#settle.reject(error);
      return;
    }
    this.#settle.resolve({
      stream: false,
      service: desc.parent,
      method: desc,
      header: new CallHeaders(this.header),
      trailer: new CallHeaders(trailer),
      message,
    });
  }
}

const violation = (what: string) => new ConnectError(`protocol error: ${what}`, Code.Unimplemented);
