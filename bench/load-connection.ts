import { once } from "node:events";
import { connect, type Socket } from "node:net";
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

/**
 * A closed loop of calls on one HTTP/2 connection. It knows only as much of the protocol as it needs, which makes it many times cheaper
 * than the server, so that the server is what is measured. Each answer must have `responseBytes` of DATA and end with trailers, or the
 * loop fails.
 */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #template: RequestTemplate;
  readonly #responseBytes: number;
  readonly #received = new Map<number, number>();
  readonly #over = Promise.withResolvers<number>();
  #pending: Buffer = Buffer.alloc(0);
  #unacknowledged = 0;
  #nextStreamId = 1;
  #done = 0;
  #until = 0;

  private constructor(socket: Socket, template: RequestTemplate, responseBytes: number) {
    this.#socket = socket;
    this.#template = template;
    this.#responseBytes = responseBytes;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#over.reject(error));
    socket.on("close", () => this.#over.reject(new Error("the server closed the connection")));
    socket.write(clientPreface());
  }

  static async open(port: number, template: RequestTemplate, responseBytes: number): Promise<LoadConnection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new LoadConnection(socket, template, responseBytes);
  }

  /** Keeps `concurrency` calls in flight until performance.now() is `until`. Resolves to the number of calls when all have ended. */
  run(concurrency: number, until: number): Promise<number> {
    this.#until = until;
    this.#send(concurrency);
    return this.#over.promise.finally(() => this.#socket.destroy());
  }

  #send(count: number): void {
    const batch = Buffer.allocUnsafe(count * this.#template.length);
    for (let i = 0; i < count; i++) {
      this.#template.write(batch, i * this.#template.length, this.#nextStreamId);
      this.#received.set(this.#nextStreamId, 0);
      this.#nextStreamId += 2;
    }
    this.#socket.write(batch);
  }

  #read(chunk: Buffer): void {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const doneBefore = this.#done;
    let at = 0;
    while (at + FRAME_HEADER_BYTES <= bytes.length) {
      const end = at + FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      this.#frame(bytes, at, end);
      at = end;
    }
    this.#pending = bytes.subarray(at);
    const finished = this.#done - doneBefore;
    if (finished > 0 && performance.now() < this.#until) this.#send(finished);
    else if (this.#received.size === 0) this.#over.resolve(this.#done);
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
    this.#received.set(streamId, this.#received.get(streamId)! + length);
    this.#unacknowledged += length;
    if (this.#unacknowledged < WINDOW_STEP) return;
    this.#socket.write(windowUpdate(this.#unacknowledged));
    this.#unacknowledged = 0;
  }

  #trailers(streamId: number): void {
    const received = this.#received.get(streamId);
    if (received !== this.#responseBytes) this.#fail(`an answer of ${received} bytes, not ${this.#responseBytes}`);
    this.#received.delete(streamId);
    this.#done++;
  }

  #fail(message: string): void {
    this.#over.reject(new Error(message));
    this.#socket.destroy();
  }
}
