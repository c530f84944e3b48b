// HTTP/2 as bytes, for clients that do what no client does.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export type Fields = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

/** One frame; the length may lie. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array, length = payload.length) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length & 0xffffff, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** A header block without compression and without use of the tables. */
export function headerBlock(fields: Fields): Buffer {
  const pairs = Array.isArray(fields) ? (fields as [string, string][]) : Object.entries(fields);
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), hpackString(name), hpackString(value)]));
}

function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([hpackLength(bytes.length), bytes]);
}

/** An integer with a prefix of 7 bits. */
function hpackLength(n: number): Buffer {
  if (n < 127) return Buffer.from([n]);
  const out = [127];
  let rest = n - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
}

export const headers = (streamId: number, fields: Fields, flags = 0): Buffer =>
  frame(TYPE.headers, flags | FLAG.endHeaders, streamId, headerBlock(fields));
export const data = (streamId: number, bytes: Uint8Array, flags = 0): Buffer =>
  frame(TYPE.data, flags, streamId, bytes);
export const reset = (streamId: number, code = 8): Buffer => frame(TYPE.reset, 0, streamId, uint32(code));
export const windowUpdate = (streamId: number, bytes: number): Buffer => frame(TYPE.window, 0, streamId, uint32(bytes));
export const ping = (ack = false): Buffer => frame(TYPE.ping, ack ? FLAG.ack : 0, 0, Buffer.alloc(8));

/** Identifiers of settings and their values. */
export function settings(values: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = values.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), uint32(value)]));
  return frame(TYPE.settings, 0, 0, Buffer.concat(payload));
}
export const SETTING = { headerTableSize: 1, initialWindowSize: 4, maxFrameSize: 5 } as const;

export function uint32(n: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(n >>> 0);
  return out;
}

/** The path of calls of a method. */
export const pathOf = ({ parent, name }: DescMethod): string => `/${parent.typeName}/${name}`;

/** The header fields of a gRPC call. */
export const grpcFields = (path: string, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  ":method": "POST",
  ":scheme": "http",
  ":path": path,
  ":authority": "localhost",
  "content-type": "application/grpc",
  te: "trailers",
  ...more,
});

/** A gRPC message with its prefix. */
export function message(bytes: Uint8Array, flag = 0, length = bytes.length): Buffer {
  return Buffer.concat([Buffer.from([flag]), uint32(length), bytes]);
}

/** A connection of bare bytes. */
export type RawConnection = {
  readonly socket: Socket;
  /** The types of the frames that came, in order; what is no HTTP/2 is read as if it were. */
  readonly frames: { readonly type: number; readonly streamId: number; readonly payload: Buffer }[];
  /** Resolves when the kernel has taken the bytes. */
  send(...bytes: readonly Uint8Array[]): Promise<void>;
  readonly closed: Promise<void>;
};

/** Connects and sends the preface and settings; `localAddress` is one of loopback. */
export async function rawConnect(
  port: number,
  own: readonly (readonly [number, number])[] = [],
  localAddress = "127.0.0.1",
): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  socket.on("error", () => {});
  await once(socket, "connect");
  const frames: { type: number; streamId: number; payload: Buffer }[] = [];
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      frames.push({ type: rest[3]!, streamId: rest.readUInt32BE(5), payload: Buffer.from(rest.subarray(9, end)) });
      rest = rest.subarray(end);
    }
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const send = (...bytes: readonly Uint8Array[]) =>
    new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      else socket.write(Buffer.concat(bytes), () => resolve());
    });
  await send(PREFACE, settings(own));
  return { socket, frames, send, closed };
}
