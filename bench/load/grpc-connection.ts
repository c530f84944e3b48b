import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ClientTls } from "../tls.ts";
import type { Listener } from "./connections.ts";
import {
  clientPreface,
  FrameReader,
  FrameType,
  hasEndStream,
  type RequestTemplate,
  windowUpdate,
} from "./http2-frames.ts";

/** As many calls as all of the servers take on a connection at once; what comes beyond that waits, as with any client. */
const MOST_AT_ONCE = 200;
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
  #unacknowledged = 0;
  #nextStreamId = 1;
  #unsent = 0;
  /** When calls should have begun that wait for others to end. */
  readonly #waiting: number[] = [];

  private constructor(socket: Socket, template: RequestTemplate, responseBytes: number, listener: Listener) {
    this.#socket = socket;
    this.#template = template;
    this.#responseBytes = responseBytes;
    this.#listener = listener;
    socket.setNoDelay(true);
    const frames = new FrameReader(socket, (type, flags, streamId, length) =>
      this.#frame(type, flags, streamId, length),
    );
    socket.on("data", (chunk: Buffer) => {
      frames.read(chunk);
      this.flush();
    });
    socket.on("error", (error) => listener.onError(error));
    socket.on("end", () => listener.onError(new Error("the server closed the connection")));
    socket.write(clientPreface());
  }

  static async open(
    port: number,
    template: RequestTemplate,
    responseBytes: number,
    listener: Listener,
    tls?: ClientTls,
  ): Promise<GrpcConnection> {
    const host = "127.0.0.1";
    const socket = tls ? connectTls({ host, port, ALPNProtocols: ["h2"], ...tls }) : connect(port, host);
    await once(socket, tls ? "secureConnect" : "connect");
    return new GrpcConnection(socket, template, responseBytes, listener);
  }

  begin(startedAt: number): void {
    if (this.#calls.size >= MOST_AT_ONCE) {
      this.#waiting.push(startedAt);
      return;
    }
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

  #frame(type: number, flags: number, streamId: number, length: number): void {
    if (type === FrameType.DATA) this.#data(streamId, length);
    else if (type === FrameType.HEADERS && hasEndStream(flags)) this.#trailers(streamId);
    else if (type === FrameType.RST_STREAM || type === FrameType.GOAWAY)
      this.#fail(`the server sent a frame of type ${type}`);
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
    const next = this.#waiting.shift();
    if (next !== undefined) this.begin(next);
  }

  #fail(message: string): void {
    this.#listener.onError(new Error(message));
    this.close();
  }
}
