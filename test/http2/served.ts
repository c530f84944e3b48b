// The server's end of HTTP/2 connections on loopback, and what happens at it.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Http2ConnectionOptions } from "../../src/http2/connection.ts";
import type { Fields } from "../../src/http2/fields.ts";
import { ServerConnection } from "../../src/http2/server-connection.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import type { StreamListener } from "../../src/http2/stream-listener.ts";

export type OnStream = (stream: Http2Stream, fields: Fields, endsStream: boolean) => void;

export type Served = AsyncDisposable & {
  readonly port: number;
  /** Connections so far, the last one first. */
  readonly connections: ServerConnection[];
  /** What onError was told. */
  readonly errors: unknown[];
  /** With what each connection ended. */
  readonly ends: (Error | undefined)[];
};

export type ServedOptions = {
  readonly settings?: Partial<Http2ConnectionOptions["settings"]>;
  readonly onPing?: () => void;
  readonly onRead?: () => void;
  readonly onClose?: () => void;
};

export const OPTIONS: Http2ConnectionOptions = {
  settings: { maxConcurrentStreams: 100, initialWindowSize: 65_535, maxHeaderListSize: 16_384 },
  windowBytes: 65_535,
  maxHeaderListBytes: 16_384,
  maxHeaderFields: 132,
  repeatedFields: new Set([":status"]),
};

/** Accepts connections until it is disposed, and then cuts them. */
export async function serve(onStream: OnStream, options: ServedOptions = {}): Promise<Served> {
  const connections: ServerConnection[] = [];
  const errors: unknown[] = [];
  const ends: (Error | undefined)[] = [];
  const sockets = new Set<Socket>();
  const http2 = { ...OPTIONS, settings: { ...OPTIONS.settings, ...options.settings } };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const connection = new ServerConnection(socket, http2, {
      onStream: (stream, fields, _, endsStream) => onStream(stream, fields, endsStream),
      onRead: options.onRead,
      onPing: options.onPing,
      onClose: (error) => {
        ends.push(error);
        options.onClose?.();
      },
      onError: (error) => errors.push(error),
    });
    connections.unshift(connection);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    errors,
    ends,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const nothing = (): void => {};

/** A listener of which only some calls matter. */
export const listening = (some: Partial<StreamListener>): StreamListener => ({
  onData: nothing,
  onEnd: nothing,
  onDrain: nothing,
  onSent: nothing,
  onClose: nothing,
  ...some,
});

const NO_FIELDS: readonly string[] = [];
const OK = [":status", "200"];

/** Answers with a head and this body. */
export function answer(stream: Http2Stream, body: Uint8Array = NOTHING, trailers?: readonly string[]): void {
  stream.sendHeaders(NO_FIELDS, OK);
  stream.end(body, trailers);
}

const NOTHING = Buffer.alloc(0);

/** Sends back what comes, no faster than it is taken. */
export function echo(stream: Http2Stream): void {
  stream.sendHeaders(NO_FIELDS, OK);
  stream.listener = listening({
    onData: (chunk) => {
      if (!stream.write(Buffer.from(chunk))) stream.pause();
    },
    onDrain: () => stream.resume(),
    onEnd: () => stream.end(),
  });
}
