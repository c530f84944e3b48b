import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  clientPreface,
  FrameReader,
  FrameType,
  hasEndStream,
  type RequestTemplate,
  requestTemplate,
} from "../../bench/load/http2-frames.ts";
import type { Sender } from "./sender.ts";

export type GrpcRequest = {
  /** "/shop.user.v1.UserService/GetUser" */
  readonly path: string;
  /** A frame of gRPC in base64. In it, COUNTER is another number in each call. */
  readonly frame: string;
};

/** Ten digits in a request that are counted up, for keys. */
export const COUNTER = "0000000000";
const CONNECTIONS = 8;
/** What our servers allow on each. */
const MAX_STREAMS = 1000;

type Open = { readonly onOutcome: (outcome: string) => void; hasData: boolean };

/** Calls of gRPC over some connections of HTTP/2. It knows just enough of that, so that the server is what is measured. */
export class GrpcSender implements Sender {
  readonly #connections: Connection[];
  #next = 0;

  private constructor(connections: Connection[]) {
    this.#connections = connections;
  }

  static async open(port: number, { path, frame }: GrpcRequest): Promise<GrpcSender> {
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
    const open = () => Connection.open(port, template);
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
  readonly #calls = new Map<number, Open>();
  #unsent: Buffer[] = [];
  /** Calls beyond what the server allows at a time wait, on the clock. */
  readonly #waiting: ((outcome: string) => void)[] = [];
  #first = 0;
  #streamId = 1;

  private constructor(socket: Socket, template: RequestTemplate) {
    this.#socket = socket;
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
      for (const onOutcome of this.#waiting.slice(this.#first)) onOutcome("cut");
      this.#calls.clear();
    });
    socket.write(clientPreface());
  }

  static async open(port: number, template: RequestTemplate): Promise<Connection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Connection(socket, template);
  }

  begin(onOutcome: (outcome: string) => void): void {
    if (this.#socket.destroyed) {
      onOutcome("cut");
      return;
    }
    if (this.#calls.size >= MAX_STREAMS) {
      this.#waiting.push(onOutcome);
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
    const next = this.#waiting[this.#first];
    if (next === undefined) return;
    this.#first++;
    this.begin(next);
  }
}
