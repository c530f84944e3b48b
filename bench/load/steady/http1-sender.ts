import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Sender } from "./sender.ts";
import { WaitingLine } from "./waiting-line.ts";

export type RestRequest = {
  /** "GET /api/users/1" */
  readonly target: string;
  readonly body?: string;
  /** More than are ever in use where answers come soon. Requests that wait for one wait on the clock. Default: 300 */
  readonly connections?: number;
  /** Nobody waits longer for an answer: it is "late", and its connection is closed. Default: 10,000 ms */
  readonly patienceMs?: number;
};

const END_OF_HEAD = "\r\n\r\n";

/** Requests of HTTP/1.1, one at a time on each connection. */
export class Http1Sender implements Sender {
  readonly #port: number;
  readonly #bytes: string;
  readonly #patienceMs: number;
  readonly #idle: Socket[] = [];
  readonly #waiting: WaitingLine;
  #isOver = false;

  private constructor(port: number, { target, body = "", patienceMs = 10_000 }: RestRequest) {
    this.#port = port;
    this.#patienceMs = patienceMs;
    this.#waiting = new WaitingLine(patienceMs);
    const type = body === "" ? "" : "content-type: application/json\r\n";
    const head = `${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${type}content-length: ${body.length}`;
    this.#bytes = head + END_OF_HEAD + body;
  }

  static async open(port: number, request: RestRequest): Promise<Http1Sender> {
    const sender = new Http1Sender(port, request);
    await Promise.all(Array.from({ length: request.connections ?? 300 }, () => sender.#connect()));
    return sender;
  }

  send(onOutcome: (outcome: string) => void): void {
    const socket = this.#idle.pop();
    if (socket === undefined) this.#waiting.add(onOutcome);
    else this.#write(socket, onOutcome, this.#patienceMs);
  }

  flush(): void {}

  close(): void {
    this.#isOver = true;
    for (const socket of this.#idle) socket.destroy();
  }

  async #connect(): Promise<void> {
    const socket = connect(this.#port, "127.0.0.1").setNoDelay(true).setEncoding("latin1");
    socket.on("error", () => {});
    await Promise.race([once(socket, "connect"), once(socket, "close")]);
    if (!socket.destroyed) this.#rest(socket);
    else if (!this.#isOver) setTimeout(() => this.#connect(), 10);
  }

  #rest(socket: Socket): void {
    if (this.#isOver) {
      socket.destroy(); // it was opened in place of one that broke off with the last answer
      return;
    }
    const next = this.#waiting.take();
    if (next === undefined) this.#idle.push(socket);
    else this.#write(socket, next.onOutcome, next.leftMs);
  }

  #write(socket: Socket, onOutcome: (outcome: string) => void, patienceMs: number): void {
    let text = "";
    const end = (outcome: string) => {
      socket.off("data", onData).off("close", onClose);
      clearTimeout(patience);
      onOutcome(outcome);
    };
    const patience = setTimeout(() => {
      end("late");
      this.#replace(socket);
    }, patienceMs);
    const onData = (chunk: string) => {
      text += chunk;
      const head = text.indexOf(END_OF_HEAD);
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < head + END_OF_HEAD.length + length) return;
      end(text.slice(9, 12));
      if (/\r\nconnection: close/i.test(text)) this.#replace(socket);
      else this.#rest(socket);
    };
    const onClose = () => {
      end("cut");
      this.#replace(socket);
    };
    socket.on("data", onData).on("close", onClose);
    socket.write(this.#bytes);
  }

  #replace(socket: Socket): void {
    socket.destroy();
    if (!this.#isOver) void this.#connect();
  }
}
