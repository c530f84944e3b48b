import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  clientPreface,
  FrameReader,
  FrameType,
  hasEndStream,
  type RequestTemplate,
  requestTemplate,
} from "../http2-frames.ts";
import type { Sender } from "./sender.ts";
import { WaitingLine } from "./waiting-line.ts";

export type GrpcRequest = {
  /** "/shop.user.v1.UserService/GetUser" */
  readonly path: string;
  /** A frame of gRPC in base64. In it, COUNTER is another number in each call. */
  readonly frame: string;
  /** Open at a time on each connection; a request beyond waits, on the clock. Default: what our servers allow */
  readonly streams?: number;
  /** A request that waited longer before it could be sent is "late", and not sent. Default: 10,000 ms */
  readonly patienceMs?: number;
};

/** Ten digits in a request that are counted up, for keys. */
export const COUNTER = "0000000000";
const CONNECTIONS = 8;
const STREAMS = 250;

type Open = { readonly onOutcome: (outcome: string) => void; hasData: boolean };

type Limits = { readonly streams: number; readonly patienceMs: number };

/** Calls of gRPC over some connections of HTTP/2. It knows just enough of that, so that the server is what is measured. */
export class GrpcSender implements Sender {
  readonly #connections: Connection[];
  #next = 0;

  private constructor(connections: Connection[]) {
    this.#connections = connections;
  }

  static async open(
    port: number,
    { path, frame, streams = STREAMS, patienceMs = 10_000 }: GrpcRequest,
  ): Promise<GrpcSender> {
    const template = requestTemplate(
      [
        [":method", "POST"],
        [":scheme", "http"],
        [":path", path],
        [":authority", `127.0.0.1:${port}`],
        ["te", "trailers"],
        ["content-type", "application/grpc"],
        ["grpc-timeout", "5S"],
      ],
      Buffer.from(frame, "base64"),
    );
    const open = () => Connection.open(port, template, { streams, patienceMs });
    return new GrpcSender(await Promise.all(Array.from({ length: CONNECTIONS }, open)));
  }

  send(onOutcome: (outcome: string) => void): void {
    this.#next = (this.#next + 1) % CONNECTIONS;
    this.#connections[this.#next]!.begin(onOutcome);
  }

  flush(): void {
    for (const connection of this.#connections) connection.flush();
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** Shared by all connections, so that no two calls of a run have the same. */
let counter = Date.now() % 1e9;

class Connection {
  readonly #socket: Socket;
  readonly #template: RequestTemplate;
  readonly #streams: number;
  readonly #calls = new Map<number, Open>();
  #unsent: Buffer[] = [];
  /** Calls beyond what the server allows at a time wait, on the clock. */
  readonly #waiting: WaitingLine;
  #streamId = 1;

  private constructor(socket: Socket, template: RequestTemplate, limits: Limits) {
    this.#socket = socket;
    this.#streams = limits.streams;
    this.#waiting = new WaitingLine(limits.patienceMs);
    this.#template = template;
    socket.setNoDelay(true);
    const frames = new FrameReader(socket, (type, flags, streamId) => this.#frame(type, flags, streamId));
    socket
      .on("error", () => {})
      .on("data", (chunk: Buffer) => {
        frames.read(chunk);
        this.flush();
      });
    socket.on("close", () => {
      for (const { onOutcome } of this.#calls.values()) onOutcome("cut");
      this.#waiting.end("cut");
      this.#calls.clear();
    });
    socket.write(clientPreface());
  }

  static async open(port: number, template: RequestTemplate, limits: Limits): Promise<Connection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Connection(socket, template, limits);
  }

  begin(onOutcome: (outcome: string) => void): void {
    if (this.#socket.destroyed) {
      onOutcome("cut");
      return;
    }
    if (this.#calls.size >= this.#streams) {
      this.#waiting.add(onOutcome);
      return;
    }
    const bytes = Buffer.allocUnsafe(this.#template.length);
    this.#template.write(bytes, 0, this.#streamId);
    const at = bytes.indexOf(COUNTER);
    if (at >= 0) bytes.write(String(++counter).padStart(COUNTER.length, "0"), at);
    this.#calls.set(this.#streamId, { onOutcome, hasData: false });
    this.#streamId += 2;
    this.#unsent.push(bytes);
  }

  flush(): void {
    if (this.#unsent.length === 0) return;
    this.#socket.write(Buffer.concat(this.#unsent));
    this.#unsent = [];
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Only a good answer has data; an error is in headers alone. */
  #frame(type: number, flags: number, streamId: number): void {
    const call = this.#calls.get(streamId);
    if (type === FrameType.DATA && call !== undefined) call.hasData = true;
    else if (type === FrameType.HEADERS && hasEndStream(flags)) {
      this.#end(streamId, call?.hasData === true ? "good" : "refused");
    } else if (type === FrameType.RST_STREAM) this.#end(streamId, "reset");
  }

  #end(streamId: number, outcome: string): void {
    const call = this.#calls.get(streamId);
    this.#calls.delete(streamId);
    call?.onOutcome(outcome);
    const next = this.#waiting.take();
    if (next !== undefined) this.begin(next.onOutcome);
  }
}
