import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Listener } from "./connections.ts";
import {
  acknowledge,
  clientPreface,
  FRAME_HEADER_BYTES,
  FrameType,
  hasEndStream,
  isAck,
  type RequestTemplate,
  windowUpdate,
} from "./http2-frames.ts";

/** The connection's window is refilled each time that this much has arrived. */
const WINDOW_STEP = 2 ** 30;

type Call = { readonly startedAt: number; received: number };

/**
 * Calls on one HTTP/2 connection. It knows only as much of the protocol as it needs, which makes it many times cheaper than the server, so
 * that the server is what is measured. Each answer must have `responseBytes` of DATA and end with trailers, or the listener gets an error.
 */
export class GrpcConnection {
  readonly #socket: Socket;
  readonly #template: RequestTemplate;
  readonly #responseBytes: number;
  readonly #listener: Listener;
  readonly #calls = new Map<number, Call>();
  #pending: Buffer = Buffer.alloc(0);
  #unacknowledged = 0;
  #nextStreamId = 1;
  #unsent = 0;

  private constructor(socket: Socket, template: RequestTemplate, responseBytes: number, listener: Listener) {
    this.#socket = socket;
    this.#template = template;
    this.#responseBytes = responseBytes;
    this.#listener = listener;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => listener.onError(error));
    socket.on("end", () => listener.onError(new Error("the server closed the connection")));
    socket.write(clientPreface());
  }

  static async open(port: number, template: RequestTemplate, responseBytes: number, listener: Listener) {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new GrpcConnection(socket, template, responseBytes, listener);
  }

  begin(startedAt: number): void {
    this.#calls.set(this.#nextStreamId + 2 * this.#unsent, { startedAt, received: 0 });
    this.#unsent++;
  }

  /** Sends all that was begun with one write, because writes are what costs. */
  flush(): void {
    if (this.#unsent === 0) return;
    const { length } = this.#template;
    const batch = Buffer.allocUnsafe(this.#unsent * length);
    for (let at = 0; at < batch.length; at += length) {
      this.#template.write(batch, at, this.#nextStreamId);
      this.#nextStreamId += 2;
    }
    this.#unsent = 0;
    this.#socket.write(batch);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (at + FRAME_HEADER_BYTES <= bytes.length) {
      const end = at + FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      this.#frame(bytes, at, end);
      at = end;
    }
    this.#pending = bytes.subarray(at);
    this.flush();
  }

  #frame(bytes: Buffer, at: number, end: number): void {
    const type = bytes[at + 3];
    const flags = bytes[at + 4]!;
    const streamId = bytes.readUInt32BE(at + 5);
    const length = end - at - FRAME_HEADER_BYTES;
    if (type === FrameType.DATA) this.#data(streamId, length);
    else if (type === FrameType.HEADERS && hasEndStream(flags)) this.#trailers(streamId);
    else if (type === FrameType.RST_STREAM || type === FrameType.GOAWAY)
      this.#fail(`the server sent a frame of type ${type}`);
    else if ((type === FrameType.SETTINGS || type === FrameType.PING) && !isAck(flags)) {
      const echo = type === FrameType.PING ? bytes.subarray(at + FRAME_HEADER_BYTES, end) : Buffer.alloc(0);
      this.#socket.write(acknowledge(type, echo));
    }
  }

  #data(streamId: number, length: number): void {
    this.#calls.get(streamId)!.received += length;
    this.#unacknowledged += length;
    if (this.#unacknowledged < WINDOW_STEP) return;
    this.#socket.write(windowUpdate(this.#unacknowledged));
    this.#unacknowledged = 0;
  }

  #trailers(streamId: number): void {
    const { startedAt, received } = this.#calls.get(streamId)!;
    this.#calls.delete(streamId);
    if (received !== this.#responseBytes) this.#fail(`an answer of ${received} bytes, not ${this.#responseBytes}`);
    else this.#listener.onAnswer(startedAt);
  }

  #fail(message: string): void {
    this.#listener.onError(new Error(message));
    this.close();
  }
}
