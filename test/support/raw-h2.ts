// A gRPC client of bare HTTP/2 frames, for what no well-behaved client does.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";

import { message } from "./h2-frames.ts";

const END_STREAM = 1;

/** What came back on a stream. */
export type Answer = {
  readonly header?: IncomingHttpHeaders;
  readonly trailer?: IncomingHttpHeaders;
  /** Whether the stream ended with its headers. */
  readonly trailersOnly: boolean;
  readonly data: Buffer;
  /** The grpc-status, wherever it was. */
  readonly status?: number;
  readonly resetCode?: number;
};

export async function connectH2(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  await once(session, "remoteSettings");
  return session;
}

/** Opens a gRPC stream; header fields may be replaced. */
export function open(
  session: ClientHttp2Session,
  method: string,
  fields: Record<string, string> = {},
): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": `/probe.v1.ProbeService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...fields,
  });
  stream.on("error", () => {});
  return stream;
}

/** Waits for the end of a stream. */
export function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let header: IncomingHttpHeaders | undefined;
    let trailer: IncomingHttpHeaders | undefined;
    let trailersOnly = false;
    stream.on("response", (fields, flags) => {
      header = fields;
      trailersOnly = (flags & END_STREAM) !== 0;
    });
    stream.on("trailers", (fields) => {
      trailer = fields;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("close", () => {
      const code = trailer?.["grpc-status"] ?? header?.["grpc-status"];
      const status = code === undefined ? undefined : Number(code);
      resolve({ header, trailer, trailersOnly, data: Buffer.concat(chunks), status, resetCode: stream.rstCode });
    });
  });
}

/** A gRPC message with its prefix. */
export const framed = (bytes: Uint8Array, flag = 0): Buffer => message(bytes, flag);

/** Resolves when frames have gone to the server and back so many times, one after the other. */
export async function roundTrips(session: ClientHttp2Session, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve, reject) => {
      session.settings({}, (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
  }
}
