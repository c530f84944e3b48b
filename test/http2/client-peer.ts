// Our client's end of a connection, and a server of node's as the other.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { ClientConnection } from "../../src/http2/client-connection.ts";
import type { Http2ConnectionListener, Http2ConnectionOptions } from "../../src/http2/connection.ts";
import type { Fields } from "../../src/http2/fields.ts";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import type { StreamListener } from "../../src/http2/stream-listener.ts";

export type Peer = AsyncDisposable & {
  readonly port: number;
  readonly sessions: readonly ServerHttp2Session[];
};

export async function startPeer(
  onStream: (stream: ServerHttp2Stream, fields: IncomingHttpHeaders) => unknown,
  options: ServerOptions = {},
): Promise<Peer> {
  const sessions: ServerHttp2Session[] = [];
  // Or it would end the connection of a client that resets much.
  const server = createServer({ streamResetBurst: 1e9, streamResetRate: 1e9, ...options });
  server.on("session", (session) => sessions.push(session.on("error", () => {})));
  server.on("stream", (stream: ServerHttp2Stream, fields) => {
    stream.on("error", () => {});
    onStream(stream, fields);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers with trailers. */
export function respond(stream: ServerHttp2Stream, body: Uint8Array | string = "", trailers = { status: "0" }): void {
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.respond({ ":status": 200 }, { waitForTrailers: true });
  stream.end(body);
}

const OPTIONS: Http2ConnectionOptions = {
  settings: { enablePush: false, initialWindowSize: 65_535 },
  windowBytes: 65_535,
  maxHeaderListBytes: 65_536,
  maxHeaderFields: 200,
  repeatedFields: new Set([":path", ":authority", "user-agent"]),
};

export const REQUEST: readonly string[] = [
  ...[":method", "POST", ":scheme", "http", ":path", "/a/path", ":authority", "an.authority"],
  ...["user-agent", "a client", "te", "trailers"],
];

export class TestClient implements Http2ConnectionListener, Disposable {
  readonly connection: ClientConnection;
  readonly ready = Promise.withResolvers<void>();
  /** With the error, if there is one. */
  readonly closed = Promise.withResolvers<Error | undefined>();
  pings = 0;

  constructor(port: number, options: Partial<Http2ConnectionOptions> = {}) {
    this.connection = new ClientConnection(connect(port, "127.0.0.1"), { ...OPTIONS, ...options }, this);
  }

  /** Opens a stream; `body`: and ends it. */
  request(body?: Uint8Array | string, own?: readonly string[]): Answer {
    const answer = new Answer();
    answer.stream = this.connection.request(REQUEST, own, answer);
    if (body !== undefined) answer.stream.end(Buffer.from(body));
    return answer;
  }

  onPing(): void {
    this.pings++;
  }
  onSettings(): void {
    this.ready.resolve();
  }
  onClose(error: Error | undefined): void {
    this.closed.resolve(error);
  }
  [Symbol.dispose](): void {
    this.connection.socket.destroy();
  }
}

/** What becomes of a stream. */
export class Answer implements StreamListener {
  stream!: Http2Stream;
  fields: Fields | undefined;
  trailers: Fields | undefined;
  heldEnd = false;
  ended = false;
  readonly chunks: Buffer[] = [];
  readonly begun = Promise.withResolvers<void>();
  /** With the code of the reset. */
  readonly closed = Promise.withResolvers<number>();
  #waiting: (() => void)[] = [];

  get bytes(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }
  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Writes, and resolves when there is room for more. */
  async write(chunk: Uint8Array | string): Promise<void> {
    if (!this.stream.write(Buffer.from(chunk))) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** So much of the body has come. */
  async until(bytes: number): Promise<void> {
    while (this.bytes < bytes && !this.stream.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  onHeaders(fields: Fields): void {
    this.fields = fields;
    this.begun.resolve();
  }
  onData(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
    this.#wake();
  }
  onHeldEnd(): void {
    this.heldEnd = true;
  }
  onEnd(trailers: Fields | undefined): void {
    this.ended = true;
    this.trailers = trailers;
  }
  onDrain(): void {
    this.#wake();
  }
  onSent(): void {}
  onClose({ rstCode }: Http2Stream): void {
    this.closed.resolve(rstCode);
    this.#wake();
  }
}

/** It ends with this body, and the trailers of respond(). */
export async function isWhole(answer: Answer, body: Buffer): Promise<void> {
  assert.equal(await answer.closed.promise, ErrorCode.NO_ERROR);
  assert.ok(answer.body.equals(body), `${answer.bytes} bytes`);
  assert.equal(answer.trailers?.status, "0");
}
