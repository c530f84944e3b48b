// A gRPC server of bare node:http2 that does to each stream what a test says, for what no server of ours does.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import {
  createServer,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { UnaryResponseSchema } from "../gen/probe/v1/probe_pb.js";
import { framed } from "./raw-h2.ts";

export type ScriptedServer = {
  readonly port: number;
  /** All connections so far. */
  readonly sessions: readonly ServerHttp2Session[];
  /** How many streams have come. */
  readonly calls: number;
  /** Cuts connections. */
  close(): Promise<void>;
};

/** `n` is the number of the stream at this server, from 1. */
export type Script = (stream: ServerHttp2Stream, n: number, header: Readonly<Record<string, unknown>>) => unknown;

const HEAD = { ":status": 200, "content-type": "application/grpc" };

export async function startScriptedServer(script: Script, options: ServerOptions = {}): Promise<ScriptedServer> {
  const sessions: ServerHttp2Session[] = [];
  let calls = 0;
  const server = createServer(options);
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream: ServerHttp2Stream, header) => {
    stream.on("error", () => {});
    script(stream, ++calls, header);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    get calls() {
      return calls;
    },
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers a unary call with this number. */
export function answer(stream: ServerHttp2Stream, n = 0): void {
  if (stream.destroyed || stream.closed) return;
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.respond(HEAD, { waitForTrailers: true });
  stream.end(framed(toBinary(UnaryResponseSchema, create(UnaryResponseSchema, { payload: { n } }))));
  stream.resume();
}

/** Fails a call without a response: in gRPC's Trailers-Only form. */
export function refuse(stream: ServerHttp2Stream, code: number, more: OutgoingHttpHeaders = {}): void {
  stream.respond({ ...HEAD, "grpc-status": String(code), ...more }, { endStream: true });
  stream.resume();
}

/** Gives headers and messages, and leaves the rest to the test. */
export function begin(stream: ServerHttp2Stream, messages: readonly Uint8Array[] = []): void {
  stream.respond(HEAD, { waitForTrailers: true });
  for (const message of messages) stream.write(framed(Buffer.from(message)));
  stream.resume();
}
