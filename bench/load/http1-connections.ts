// GET requests over HTTP/1.1, one at a time on each connection.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Connections, Listener } from "./connections.ts";

/** As many as a proxy in front keeps. A call that finds none idle waits for one; its time runs from when it should have begun. */
const CONNECTIONS = 64;

export async function openHttp1(port: number, path: string, listener: Listener): Promise<Connections> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: application/json\r\n\r\n`);
  const waiting: number[] = [];
  const idle: Http1Connection[] = [];
  const onIdle = (connection: Http1Connection) => {
    idle.push(connection);
    const startedAt = waiting.shift();
    if (startedAt !== undefined) begin(startedAt);
  };
  function begin(startedAt: number): void {
    const connection = idle.pop();
    if (connection === undefined) waiting.push(startedAt);
    else connection.send(request, startedAt);
  }

  const open = () => Http1Connection.open(port, { ...listener, onIdle });
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, open));
  idle.push(...connections);
  return {
    begin,
    flush() {},
    close() {
      for (const connection of connections) connection.close();
    },
  };
}

const END_OF_HEAD = "\r\n\r\n";

class Http1Connection {
  readonly #socket: Socket;
  readonly #listener: Listener & { onIdle(connection: Http1Connection): void };
  #pending = "";
  #startedAt = 0;

  private constructor(socket: Socket, listener: Listener & { onIdle(connection: Http1Connection): void }) {
    this.#socket = socket;
    this.#listener = listener;
    socket.setNoDelay(true);
    socket.setEncoding("latin1"); // a character is a byte
    socket.on("data", (chunk: string) => this.#read(chunk));
    socket.on("error", (error) => listener.onError(error));
    socket.on("end", () => listener.onError(new Error("the server closed the connection")));
  }

  static async open(port: number, listener: Listener & { onIdle(connection: Http1Connection): void }) {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Http1Connection(socket, listener);
  }

  send(request: Buffer, startedAt: number): void {
    this.#startedAt = startedAt;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#pending += chunk;
    const head = this.#pending.indexOf(END_OF_HEAD);
    if (head < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#pending)?.[1];
    if (!this.#pending.startsWith("HTTP/1.1 200 ") || length === undefined) {
      this.#listener.onError(new Error(`a wrong answer: ${this.#pending.slice(0, head)}`));
      this.close();
      return;
    }
    if (this.#pending.length < head + END_OF_HEAD.length + Number(length)) return;
    this.#pending = "";
    this.#listener.onAnswer(this.#startedAt);
    this.#listener.onIdle(this);
  }
}
