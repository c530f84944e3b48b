// A server of HTTP/2 of which nothing but its header compression is ours.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { HeaderDecoder } from "../../src/http2/hpack/decoder.ts";
import { HeaderEncoder } from "../../src/http2/hpack/encoder.ts";
import { frame } from "../support/h2-frames.ts";

const PREFACE_BYTES = 24;
const FRAME_HEADER_BYTES = 9;
const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const CONTINUATION = 9;
const END_STREAM_AND_HEADERS = 5;
const ACK = 1;
const HEADER_TABLE_SIZE = 1;

export type RawServer = AsyncDisposable & {
  readonly port: number;
  /** Lists of the requests, in turn. */
  readonly requests: string[][];
};

/** Answers each request with the list that answer() returns. It announces the size of the table, and indexes fields of the names. */
export async function startRawServer(
  tableBytes: number,
  indexed: ReadonlySet<string>,
  answer: (request: number) => readonly string[],
): Promise<RawServer> {
  const requests: string[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const decoder = new HeaderDecoder(tableBytes);
    const encoder = new HeaderEncoder(indexed);
    let received = Buffer.alloc(0);
    let preface = true;
    let block: Buffer[] = [];
    socket.write(frame(SETTINGS, 0, 0, Buffer.from([0, HEADER_TABLE_SIZE, 0, 0, tableBytes >> 8, tableBytes & 0xff])));

    const onFrame = (type: number, flags: number, stream: number, payload: Buffer) => {
      if (type === SETTINGS && (flags & ACK) === 0) {
        for (let i = 0; i < payload.length; i += 6) {
          if (payload.readUInt16BE(i) === HEADER_TABLE_SIZE) encoder.setMaxTableBytes(payload.readUInt32BE(i + 2));
        }
        socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
      } else if (type === PING && (flags & ACK) === 0) {
        socket.write(frame(PING, ACK, 0, payload));
      } else if (type === HEADERS || type === CONTINUATION) {
        const padding = (flags & 8) === 0 ? 0 : payload[0]!;
        const start = ((flags & 8) === 0 ? 0 : 1) + ((flags & 0x20) === 0 ? 0 : 5);
        block.push(payload.subarray(type === HEADERS ? start : 0, payload.length - padding));
        if ((flags & 4) === 0) return;
        const whole = Buffer.concat(block);
        block = [];
        const fields: string[] = [];
        decoder.decode(whole, 0, whole.length, fields, 1e6);
        const list = answer(requests.push(fields) - 1);
        const out = Buffer.alloc(HeaderEncoder.bound(list));
        socket.write(frame(HEADERS, END_STREAM_AND_HEADERS, stream, out.subarray(0, encoder.encode(list, out, 0))));
      }
    };
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (preface && received.length < PREFACE_BYTES) return;
      if (preface) received = received.subarray(PREFACE_BYTES);
      preface = false;
      while (received.length >= FRAME_HEADER_BYTES) {
        const end = FRAME_HEADER_BYTES + received.readUIntBE(0, 3);
        if (received.length < end) return;
        const payload = received.subarray(FRAME_HEADER_BYTES, end);
        onFrame(received[3]!, received[4]!, received.readUInt32BE(5), payload);
        received = received.subarray(end);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
