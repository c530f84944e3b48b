// An HTTP/2 client that keeps to no limit of the server: it writes frames itself and reads only how the server ends things.
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import type { StreamsOutcome, StreamsRequest } from "./protocol.ts";

const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const FRAME_HEADER_BYTES = 9;
const CANCEL = 8;

/** Opens one connection and these streams on it, waits until the server has seen them all or has hung up, and hangs up. */
export async function openStreams(request: StreamsRequest): Promise<StreamsOutcome> {
  const { host, port, count, batch = 50, reset } = request;
  const socket = connect({ host, port });
  socket.on("error", () => {}); // "close" follows
  const server = watch(socket);
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(SETTINGS, 0, 0)]));
  const headers = headerBlock(request);
  let opened = 0;
  await server.seen(); // its limits hold from here on
  while (opened < count && !server.ended()) {
    const frames: Buffer[] = [];
    for (let i = 0; i < batch && opened < count; i++) {
      const id = 1 + 2 * opened++;
      frames.push(frame(HEADERS, reset ? END_HEADERS | END_STREAM : END_HEADERS, id, headers));
      if (reset) frames.push(frame(RST_STREAM, 0, id, number(CANCEL)));
    }
    socket.write(Buffer.concat(frames));
    await server.seen();
  }
  const ended = server.ended();
  socket.destroy();
  return { opened, refused: server.refused, ended };
}

function watch(socket: Socket) {
  const refused: Record<string, number> = {};
  const pongs: (() => void)[] = [];
  let ended = false;
  let unread: Buffer = Buffer.alloc(0);
  socket.once("close", () => {
    ended = true;
    for (const pong of pongs.splice(0)) pong();
  });
  const read = (kind: number, flags: number, payload: Buffer) => {
    if (kind === RST_STREAM) {
      const code = payload.readUInt32BE(0);
      refused[code] = (refused[code] ?? 0) + 1;
    }
    if (kind === SETTINGS && !(flags & ACK)) socket.write(frame(SETTINGS, ACK, 0));
    if (kind === PING && flags & ACK) pongs.shift()?.();
  };
  socket.on("data", (data: Buffer) => {
    unread = Buffer.concat([unread, data]);
    while (unread.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + unread.readUIntBE(0, 3);
      if (unread.length < end) return;
      read(unread[3] ?? 0, unread[4] ?? 0, unread.subarray(FRAME_HEADER_BYTES, end));
      unread = unread.subarray(end);
    }
  });
  return {
    refused,
    ended: () => ended,
    /** Until the server has answered all that it was sent. Twice, for an answer to a ping overtakes what is still to be written. */
    async seen() {
      for (let i = 0; i < 2 && !ended; i++) {
        const pong = new Promise<void>((resolve) => pongs.push(resolve));
        socket.write(frame(PING, 0, 0, Buffer.alloc(8)));
        await pong;
      }
    },
  };
}

function headerBlock({ host, port, path }: StreamsRequest): Buffer {
  const headers = {
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": `${host}:${port}`,
    "content-type": "application/grpc",
    te: "trailers",
  };
  // HPACK literals, not indexed.
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function frame(kind: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = kind;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}
