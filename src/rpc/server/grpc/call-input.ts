import type { Buffer } from "node:buffer";
import { fromBinary, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { CallContext, type CallStream, callOf } from "./call-context.ts";
import { decompress } from "./compression.ts";
import { Deframer, type Frame, wholeFrame } from "./framing.ts";
import { incompleteFrame, RequestStream } from "./request-stream.ts";

// An Http2Stream pays for each listener, so there are few, and all calls share them.
function onData(this: CallStream<CallInput>, chunk: Buffer): void {
  callOf(this).onData(chunk);
}
function onEnd(this: CallStream<CallInput>): void {
  callOf(this).onEnd();
}

/** The request half of a call: reads the one message, or feeds the request stream. */
export abstract class CallInput extends CallContext {
  /** Whether the client has sent its last message. */
  inputEnded = false;
  /** When a sweep first found that the client owes the rest of a message; 0 again whenever some of it arrives. */
  stalledSince = 0;
  protected requests: RequestStream | undefined;
  #message: Frame | undefined;
  #deframer: Deframer | undefined;

  /** Calls the handler: at once if it reads a stream, else when the one message and the request's end are in. */
  protected abstract run(): void;

  get requestEncoding(): string | undefined {
    return this.requestFields["grpc-encoding"] as string | undefined;
  }

  /** Begins to read; `ended` if no message will come. */
  start(ended: boolean): void {
    this.inputEnded = ended;
    const { singleRequest } = this.route;
    if (!singleRequest) {
      this.requests = new RequestStream(this);
      this.watch();
    }
    if (!ended) {
      this.stream.on("data", onData);
      this.stream.on("end", onEnd);
    }
    if (!singleRequest) this.run();
    else if (ended) this.#missingMessage();
  }

  onData(chunk: Buffer): void {
    if (this.finished) return;
    this.stalledSince = 0;
    if (this.requests !== undefined) {
      this.requests.push(chunk);
      return;
    }
    if (this.#message === undefined && this.#deframer === undefined) {
      this.#message = wholeFrame(chunk, this.route.limits.readMaxBytes);
      if (this.#message !== undefined) return; // one whole message in one chunk: no copy, no deframer
    }
    try {
      this.#deframe(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  #deframe(chunk: Buffer): void {
    const frames: Frame[] = [];
    this.#deframer ??= new Deframer(this.route.limits.readMaxBytes);
    this.#deframer.push(chunk, frames);
    for (const frame of frames) {
      if (this.#message !== undefined) throw new ConnectError("received extra input message", Code.Unimplemented);
      this.#message = frame;
    }
  }

  onEnd(): void {
    this.inputEnded = true;
    if (this.finished) return;
    if (this.requests !== undefined) this.requests.wake();
    else if (this.#deframer?.partial) this.fail(incompleteFrame());
    else if (this.#message === undefined) this.#missingMessage();
    else this.run();
  }

  #missingMessage(): void {
    this.fail(new ConnectError("missing input message", Code.Unimplemented));
  }

  /** Whether the client owes the rest of a message. */
  get stalled(): boolean {
    return !this.inputEnded && (this.requests === undefined || this.requests.stalled);
  }

  /** The message of a single request; throws, or rejects, if it cannot be read. */
  message(): Message | Promise<Message> {
    const message = this.#message!;
    this.#message = undefined;
    if (message.flag === 0) return this.parse(message.data);
    const bytes = decompress(message, this.requestEncoding, this.route.limits.readMaxBytes);
    return bytes instanceof Promise ? bytes.then((b) => this.parse(b)) : this.parse(bytes);
  }

  /** The messages of a request stream. */
  messages(): AsyncIterable<Message> {
    return this.requests!.messages();
  }

  parse(bytes: Uint8Array): Message {
    try {
      return fromBinary(this.route.method.input, bytes);
    } catch (error) {
      throw new ConnectError(`cannot parse request: ${(error as Error).message}`, Code.Internal);
    }
  }
}
