// What no sound server sends: bare bytes say it.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { FrameReader } from "../../src/http2/frame-reader.ts";
import { ErrorCode } from "../../src/http2/protocol.ts";
import {
  data,
  FLAG,
  frame,
  headerBlock,
  headers,
  reset,
  SETTING,
  settings,
  TYPE,
  uint32,
  windowUpdate,
} from "../support/h2-frames.ts";
import { TestClient } from "./client-peer.ts";

type Sent = { readonly type: number; readonly streamId: number; readonly payload: Buffer };

/** Says the bytes to the first request, whose id is 1, and answers all later ones. Keeps what it is sent. */
async function startFaulty(bytes: readonly Uint8Array[], first: Uint8Array = settings()) {
  const sent: Sent[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.write(first);
    const reader = new FrameReader(
      {
        onFrame(type, flags, streamId, from, start, end) {
          sent.push({ type, streamId, payload: Buffer.from(from.subarray(start, end)) });
          if (type === TYPE.settings && (flags & FLAG.ack) === 0)
            socket.write(frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(0)));
          if (type !== TYPE.headers) return;
          if (streamId === 1) for (const part of bytes) socket.write(part);
          else socket.write(headers(streamId, { ":status": "200" }, FLAG.endStream));
        },
      },
      true,
    );
    socket.on("data", (chunk: Buffer) => reader.read(chunk));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sent,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const OK = { ":status": "200" };
const BEGUN = headers(1, OK);
const NOTHING = Buffer.alloc(0);
const KIB = 1024;
const full = (count: number, id = 1) => Array.from({ length: count }, () => data(id, Buffer.alloc(16 * KIB)));
const manyFields = Array.from({ length: 2000 }, (_, i) => [`x-${i}`, "a long value of a field"] as [string, string]);

/** A block in frames of so many bytes. */
function pieces(block: Buffer, size: number): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < block.length; at += size) {
    const isLast = at + size >= block.length;
    const type = at === 0 ? TYPE.headers : TYPE.continuation;
    out.push(frame(type, isLast ? FLAG.endHeaders : 0, 1, block.subarray(at, at + size)));
  }
  return out;
}

const { PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, COMPRESSION_ERROR } =
  ErrorCode;

type Fault = readonly [name: string, bytes: readonly Uint8Array[], code: number];

const OF_STREAMS: readonly Fault[] = [
  ["a name in upper case", [headers(1, { ...OK, "X-Up": "a" })], PROTOCOL_ERROR],
  ["a value with a line's end", [headers(1, { ...OK, x: "a\nb" })], PROTOCOL_ERROR],
  ["no status", [headers(1, { x: "a" })], PROTOCOL_ERROR],
  ["a status that is none", [headers(1, { ":status": "20" })], PROTOCOL_ERROR],
  ["a pseudo-header of requests", [headers(1, { ...OK, ":path": "/" })], PROTOCOL_ERROR],
  ["a field of HTTP/1.1", [headers(1, { ...OK, connection: "close" })], PROTOCOL_ERROR],
  ["an interim answer that ends the stream", [headers(1, { ":status": "103" }, FLAG.endStream)], PROTOCOL_ERROR],
  ["fields again that do not end the stream", [BEGUN, headers(1, { x: "a" })], PROTOCOL_ERROR],
  ["a status in trailers", [BEGUN, headers(1, OK, FLAG.endStream)], PROTOCOL_ERROR],
  ["data before the fields", [data(1, Buffer.from("a"))], PROTOCOL_ERROR],
  ["an end before the fields", [data(1, NOTHING, FLAG.endStream)], PROTOCOL_ERROR],
  ["data after the end", [BEGUN, data(1, NOTHING, FLAG.endStream), data(1, Buffer.from("a"))], STREAM_CLOSED],
  ["fields after the end", [BEGUN, data(1, NOTHING, FLAG.endStream), headers(1, {}, FLAG.endStream)], STREAM_CLOSED],
  [
    "more than content-length says",
    [headers(1, { ...OK, "content-length": "1" }), data(1, Buffer.from("ab"))],
    PROTOCOL_ERROR,
  ],
  [
    "less than content-length says",
    [headers(1, { ...OK, "content-length": "3" }), data(1, Buffer.from("ab"), FLAG.endStream)],
    PROTOCOL_ERROR,
  ],
  ["a content-length that is none", [headers(1, { ...OK, "content-length": "-1" })], PROTOCOL_ERROR],
  [
    "more fields than are taken",
    pieces(headerBlock([...Object.entries(OK), ...manyFields]), 16 * KIB),
    ENHANCE_YOUR_CALM,
  ],
  ["a WINDOW_UPDATE of 0", [windowUpdate(1, 0)], PROTOCOL_ERROR],
  ["too large a window", [windowUpdate(1, 2 ** 31 - 1)], FLOW_CONTROL_ERROR],
];

const OF_CONNECTIONS: readonly Fault[] = [
  [
    "PUSH_PROMISE",
    [frame(TYPE.push, FLAG.endHeaders, 1, Buffer.concat([uint32(2), headerBlock({ ":method": "GET" })]))],
    PROTOCOL_ERROR,
  ],
  [
    "CONTINUATION without end",
    [
      frame(TYPE.headers, 0, 1, NOTHING),
      ...Array.from({ length: 1000 }, () => frame(TYPE.continuation, 0, 1, NOTHING)),
    ],
    ENHANCE_YOUR_CALM,
  ],
  [
    "large CONTINUATION without end",
    [
      frame(TYPE.headers, 0, 1, NOTHING),
      ...Array.from({ length: 10 }, () => frame(TYPE.continuation, 0, 1, Buffer.alloc(16 * KIB))),
    ],
    ENHANCE_YOUR_CALM,
  ],
  ["CONTINUATION of nothing", [frame(TYPE.continuation, FLAG.endHeaders, 1, NOTHING)], PROTOCOL_ERROR],
  ["a frame within a header block", [frame(TYPE.headers, 0, 1, NOTHING), data(1, NOTHING)], PROTOCOL_ERROR],
  ["a field of no table", [frame(TYPE.headers, FLAG.endHeaders, 1, Buffer.from([0xfe]))], COMPRESSION_ERROR],
  ["fields of a stream that is not open", [headers(3, OK)], PROTOCOL_ERROR],
  ["fields of a stream of its own", [headers(2, OK)], PROTOCOL_ERROR],
  ["data of a stream that is not open", [data(3, Buffer.from("a"))], PROTOCOL_ERROR],
  ["data of no stream", [data(0, Buffer.from("a"))], PROTOCOL_ERROR],
  ["a reset of a stream that is not open", [reset(3)], PROTOCOL_ERROR],
  ["too large a window", [windowUpdate(0, 2 ** 31 - 1)], FLOW_CONTROL_ERROR],
  ["too large a window in SETTINGS", [settings([[SETTING.initialWindowSize, 2 ** 31]])], FLOW_CONTROL_ERROR],
  ["too small frames in SETTINGS", [settings([[SETTING.maxFrameSize, 1000]])], PROTOCOL_ERROR],
  ["SETTINGS that are cut off", [frame(TYPE.settings, 0, 0, Buffer.alloc(5))], FRAME_SIZE_ERROR],
  ["a PING that is cut off", [frame(TYPE.ping, 0, 0, Buffer.alloc(5))], FRAME_SIZE_ERROR],
  ["too large a frame", [data(1, Buffer.alloc(16 * KIB + 1))], FRAME_SIZE_ERROR],
];

describe("a client's connection, given", () => {
  for (const [name, bytes, code] of OF_STREAMS) {
    it(`${name}, resets the stream and goes on`, async () => {
      using server = await startFaulty(bytes);
      using client = new TestClient(server.port);
      const answer = client.request();
      assert.equal(await answer.closed.promise, code);
      const next = client.request("");
      assert.equal(await next.closed.promise, ErrorCode.NO_ERROR);
      const resets = server.sent.filter(({ type }) => type === TYPE.reset);
      assert.deepEqual(resets, [{ type: TYPE.reset, streamId: 1, payload: uint32(code) }]);
      assert.equal(client.connection.streams.size, 0);
    });
  }

  for (const [name, bytes, code] of OF_CONNECTIONS) {
    it(`${name}, ends`, async () => {
      using server = await startFaulty(bytes);
      using client = new TestClient(server.port, { windowBytes: 65_535 });
      const answer = client.request();
      const error = await client.closed.promise;
      assert.ok(error instanceof Error);
      await answer.closed.promise;
      assert.equal(client.connection.streams.size, 0);
      await once(client.connection.socket, "close");
      const goaway = server.sent.find(({ type }) => type === TYPE.goaway);
      assert.equal(goaway?.payload.readUInt32BE(4), code, error.message);
    });
  }

  for (const [name, first] of [
    ["HTTP/1.1", Buffer.from("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")],
    ["another frame than SETTINGS first", frame(TYPE.ping, 0, 0, Buffer.alloc(8))],
  ] as const) {
    it(`${name}, ends`, async () => {
      using server = await startFaulty([], first);
      using client = new TestClient(server.port);
      assert.equal((await client.closed.promise)?.name, "ConnectionFault");
    });
  }

  it("data beyond the window of a paused stream, resets the stream", async () => {
    using server = await startFaulty([BEGUN, ...full(5)]);
    using client = new TestClient(server.port);
    const answer = client.request();
    answer.stream.pause();
    assert.equal(await answer.closed.promise, FLOW_CONTROL_ERROR);
    assert.equal(await client.request("").closed.promise, ErrorCode.NO_ERROR);
  });

  it("late frames of a stream that it has reset, drops them", async () => {
    using server = await startFaulty([BEGUN, data(1, Buffer.from("first"))]);
    using client = new TestClient(server.port, { windowBytes: 65_535 });
    const answer = client.request();
    await answer.until(5);
    answer.stream.reset(ErrorCode.CANCEL);
    assert.equal(await client.request("").closed.promise, ErrorCode.NO_ERROR);
    assert.equal(answer.bytes, 5);
  });
});
