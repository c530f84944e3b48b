import type { Buffer } from "node:buffer";
import type { ConnectError } from "@connectrpc/connect";
import { type Fields, NO_FIELDS } from "../../../http2/fields.ts";
import type { Http2Stream } from "../../../http2/stream.ts";
import { NodeHeaders } from "../../node-headers.ts";
import type { Budget, StreamHolder } from "../budget.ts";
import type { MessageInit } from "../calls/message.ts";
import { currentTurn } from "../turns.ts";
import { encode, mayCompress } from "./encode.ts";
import { customFields, responseHead, trailersOnlyHead } from "./response-head.ts";
import type { ServedMethod } from "./served-method.ts";
import { OK_TRAILERS, type Trailers, trailerFields, trailersOf } from "./status.ts";

/** Smaller answers are covered by what each call is counted for anyway. */
const COVERED_BYTES = 1024;

/** The response half of a call: writes head, messages and trailers to the stream, when the call tells it to. */
export class ResponseWriter {
  /** Bytes of messages that the client has not taken. */
  untakenBytes = 0;
  #wroteIn = 0;
  readonly #stream: Http2Stream;
  readonly #fields: Fields;
  readonly #method: ServedMethod;
  readonly #holder: StreamHolder;
  readonly #budget: Budget;
  #header: NodeHeaders | undefined;
  #trailer: NodeHeaders | undefined;
  #trailers: Trailers | undefined;
  #gzip = false;
  #drained: (() => void) | undefined;

  /** `fields` are those of the request. What the client has not taken is counted for the holder. */
  constructor(stream: Http2Stream, fields: Fields, method: ServedMethod, holder: StreamHolder, budget: Budget) {
    this.#stream = stream;
    this.#fields = fields;
    this.#method = method;
    this.#holder = holder;
    this.#budget = budget;
  }

  /** Headers that the handler adds. */
  get header(): Headers {
    this.#header ??= new NodeHeaders();
    return this.#header;
  }

  /** Trailers that the handler adds. */
  get trailer(): Headers {
    this.#trailer ??= new NodeHeaders();
    return this.#trailer;
  }

  /** The frame of a message; a promise if it is compressed. */
  encode(message: MessageInit): Buffer | Promise<Buffer> {
    const bytes = encode(message, this.#method, this.#fields["grpc-accept-encoding"]);
    this.#gzip ||= bytes instanceof Promise;
    return bytes;
  }

  /** Writes a message of a stream, and the head before the first one. False if the client is behind. */
  write(bytes: Buffer): boolean {
    const stream = this.#stream;
    if (!stream.headersSent) {
      this.#gzip ||= mayCompress(this.#method, this.#fields["grpc-accept-encoding"]); // a later message may be larger
      this.#sendHead();
    }
    if (stream.write(bytes)) return true;
    this.untakenBytes = stream.writableLength;
    return false;
  }

  /** Whether the client could have taken what was written. That is only sent at the end of a turn of the event loop. */
  get isUntaken(): boolean {
    return this.untakenBytes > 0 && this.#wroteIn !== currentTurn();
  }

  /** Counts what the client has not taken; false if there is no room for that. */
  hold(): boolean {
    this.#wroteIn = currentTurn();
    return this.#budget.hold(this.#holder, this.untakenBytes);
  }

  /** The same, including the last message. */
  holdLast(bytes: Buffer | undefined): boolean {
    this.untakenBytes += bytes?.length ?? 1;
    this.#wroteIn = currentTurn();
    return this.untakenBytes <= COVERED_BYTES || this.hold();
  }

  /** Resolves when the client has taken what was written. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** Resolves drained(): the client will take no more. */
  stopWaiting(): void {
    if (this.#drained !== undefined) this.onDrain();
  }

  onDrain(): void {
    this.#budget.release(this.#holder, this.untakenBytes);
    this.untakenBytes = 0;
    this.#holder.sequence = this.#budget.nextSequence();
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  /** Prepares trailers and sends the head of a success. Throws if a header or trailer of the handler cannot be sent. */
  prepareEnd(): void {
    const custom = this.#trailer?.touched;
    if (custom !== undefined) this.#trailers = trailersOf(undefined, custom); // first, because this may throw
    if (!this.#stream.headersSent) this.#sendHead();
  }

  /** Ends with success, and with a last message if there is one. */
  end(bytes: Buffer | undefined): void {
    if (this.#trailers === undefined) this.#stream.end(bytes, OK_TRAILERS);
    else this.#stream.end(bytes, NO_FIELDS, trailerFields(this.#trailers));
  }

  /** Ends with an error. Throws like prepareEnd(). */
  fail(error: ConnectError): void {
    const stream = this.#stream;
    const custom = this.#header?.touched;
    const trailers = trailersOf(error, this.#trailer?.touched);
    // Headers that the handler of a stream set are sent as such, since grpc-go does not show those of Trailers-Only to its application.
    if (!stream.headersSent && custom !== undefined && this.#method.desc.methodKind !== "unary") this.#sendHead();
    if (stream.headersSent) {
      this.untakenBytes ||= 1; // trailers follow only when the client has taken what was written
      stream.end(undefined, NO_FIELDS, trailerFields(trailers));
    } else {
      // Trailers-Only: clients retry no other errors.
      stream.sendHeaders(NO_FIELDS, trailersOnlyHead(this.#fields["content-type"], custom, trailers), true);
    }
  }

  #sendHead(): void {
    const head = responseHead(this.#fields["content-type"], this.#gzip);
    this.#stream.sendHeaders(head, customFields(this.#header?.touched));
  }
}
