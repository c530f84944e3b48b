// Clients that make work for nothing, and those that read nothing of what they asked for.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { ServerConnection } from "../../src/http2/server-connection.ts";
import { eventually } from "../support/eventually.ts";
import { data, FLAG, frame, headers, ping, settings, TYPE, uint32 } from "../support/h2-frames.ts";
import { Peer, REQUEST, request, resetCode } from "./peer.ts";
import { answer, echo, listening, type OnStream, serve } from "./served.ts";

/** What may wait for a client that does not read: what streams may send, what is too much, and what one chunk of the socket asks for. */
const MOST_WAITING = 4 << 20;
const FLOOD_BYTES = 64 << 20;

const EMPTY = Buffer.alloc(0);
const ignore: OnStream = () => {};
const refuse: OnStream = (stream) => stream.sendHeaders([], [":status", "404", "x-reason", "r".repeat(200)], true);
/** The shortest request. */
const tiny = (id: number, flags = 0) =>
  frame(TYPE.headers, flags | FLAG.endHeaders, id, Buffer.from([0x82, 0x86, 0x84]));
const SETTINGS_ACK = frame(TYPE.settings, FLAG.ack, 0, EMPTY);

/** Frames of a flood, from the id of a stream on; each takes `streams` of them. */
type Flood = { readonly onStream: OnStream; readonly streams: number; readonly frames: (id: number) => Buffer };

const UNREAD: Readonly<Record<string, Flood>> = {
  "requests that are answered with a head": {
    onStream: refuse,
    streams: 1,
    frames: (id) => tiny(id, FLAG.endStream),
  },
  "requests that are malformed": { onStream: ignore, streams: 1, frames: (id) => headers(id, { ":method": "GET" }) },
  "requests that the server resets": {
    onStream: (stream) => stream.reset(ErrorCode.CANCEL),
    streams: 1,
    frames: (id) => tiny(id),
  },
  pings: { onStream: ignore, streams: 0, frames: () => ping() },
  settings: { onStream: ignore, streams: 0, frames: () => settings([[4, 70_000]]) },
  "data of closed streams": {
    onStream: (stream) => answer(stream),
    streams: 1,
    frames: (id) => Buffer.concat([request(id, FLAG.endStream), ...Array(50).fill(data(id, Buffer.alloc(1)))]),
  },
  "windows of 0 for closed streams": {
    onStream: (stream) => answer(stream),
    streams: 1,
    frames: (id) =>
      Buffer.concat([request(id, FLAG.endStream), ...Array(50).fill(frame(TYPE.window, 0, id, uint32(0)))]),
  },
};

/** Sends until the server stops reading, or ends the connection. Returns the most that waited for the client. */
async function flood(peer: Peer, connection: ServerConnection, { streams, frames }: Flood): Promise<number> {
  let most = 0;
  let sent = 0;
  for (let id = 1; ; ) {
    const chunk: Buffer[] = [];
    for (let bytes = 0; bytes < 65_536; bytes += chunk.at(-1)!.length, id += 2 * streams) chunk.push(frames(id));
    peer.send(...chunk);
    sent += 65_536;
    await new Promise(setImmediate);
    most = Math.max(most, connection.output.waitingBytes);
    if (connection.destroyed || connection.socket.isPaused()) return most;
    assert.ok(sent < FLOOD_BYTES, "the server goes on for ever");
  }
}

describe("a client that reads nothing", () => {
  for (const [name, kind] of Object.entries(UNREAD)) {
    it(`fills no memory with answers to ${name}`, async () => {
      await using served = await serve(kind.onStream);
      using peer = await Peer.connect(served.port);
      await peer.sync();
      peer.socket.pause();
      const [connection] = served.connections;
      assert.ok((await flood(peer, connection!, kind)) < MOST_WAITING);
      peer.socket.resume();
      await eventually(() => assert.ok(connection!.destroyed || !connection!.socket.isPaused()));
      assert.deepEqual(served.errors, []);
    });
  }

  it("is served when it reads again", async () => {
    let answered = 0;
    await using served = await serve((stream, fields) => {
      answered++;
      if (fields[":path"] === "/last") answer(stream, Buffer.from("the last"));
      else stream.sendHeaders([], [":status", "404", "x-reason", "r".repeat(1000)], true);
    });
    using peer = await Peer.connect(served.port);
    await peer.sync();
    peer.socket.pause();
    let id = 1;
    const [connection] = served.connections;
    while (!connection!.socket.isPaused()) {
      peer.send(...Array.from({ length: 100 }, (_, i) => request(id + 2 * i, FLAG.endStream)));
      id += 200;
      await new Promise(setImmediate);
    }
    peer.send(request(id, FLAG.endStream, { ":path": "/last" }));
    peer.socket.resume();
    await peer.end(id);
    assert.equal(peer.dataOf(id).toString(), "the last");
    assert.equal(answered, (id + 1) / 2);
    assert.equal(peer.of(TYPE.headers).length, answered);
  });
});

const FOR_NOTHING: Readonly<Record<string, (count: number) => Buffer[]>> = {
  "empty DATA": (count) => Array(count).fill(data(1, EMPTY)),
  padding: (count) => Array(count).fill(frame(TYPE.data, FLAG.padded, 1, Buffer.alloc(1))),
  PRIORITY: (count) => Array(count).fill(frame(TYPE.priority, 0, 1, Buffer.alloc(5))),
  "frames of an unknown type": (count) => Array(count).fill(frame(0xbe, 0, 0, EMPTY)),
  "acknowledgements of nothing": (count) => Array(count).fill(SETTINGS_ACK),
};

describe("a client that makes work for nothing", () => {
  for (const [name, frames] of Object.entries(FOR_NOTHING)) {
    it(`may send some ${name}, and not without end`, async () => {
      await using served = await serve(ignore);
      using peer = await Peer.connect(served.port);
      peer.send(SETTINGS_ACK, request(1), ...frames(50_000));
      await peer.sync();
      peer.send(...frames(60_000));
      assert.equal(await peer.goaway(), ErrorCode.ENHANCE_YOUR_CALM);
      await peer.over();
    });
  }

  it("may change the windows of many streams, and not without end", async () => {
    await using served = await serve(ignore, { settings: { maxConcurrentStreams: 1000 } });
    using peer = await Peer.connect(served.port);
    peer.send(...Array.from({ length: 1000 }, (_, i) => request(2 * i + 1)));
    for (let i = 0; i < 50; i++) peer.send(settings([[4, i]]));
    await peer.sync();
    for (let i = 0; i < 100; i++) peer.send(settings([[4, i]]));
    assert.equal(await peer.goaway(), ErrorCode.ENHANCE_YOUR_CALM);
  });

  it("may send all that with requests and data that have a sense", async () => {
    await using served = await serve(echo);
    using peer = await Peer.connect(served.port);
    peer.send(SETTINGS_ACK);
    for (let id = 1; id < 2000; id += 2) {
      const nothing = Object.values(FOR_NOTHING).flatMap((frames) => frames(20));
      peer.send(request(id), ...nothing.map((f) => onStream(f, id)), data(id, Buffer.from("x"), FLAG.endStream));
      peer.send(settings([[4, 60_000 + (id % 100)]]));
      if (id % 100 === 1) await peer.end(id);
    }
    await peer.end(1999);
    assert.deepEqual(peer.of(TYPE.reset), []);
  });

  it("may open too many streams, until it knows how many, and then not without end", async () => {
    await using served = await serve(ignore, { settings: { maxConcurrentStreams: 2 } });
    using peer = await Peer.connect(served.port);
    const some = (count: number, from: number) => Array.from({ length: count }, (_, i) => request(from + 2 * i));
    peer.send(...some(3000, 1));
    await peer.sync();
    assert.equal(peer.of(TYPE.reset).filter((f) => resetCode(f) === ErrorCode.REFUSED_STREAM).length, 2998);
    peer.send(SETTINGS_ACK, ...some(1001, 6001));
    assert.equal(await peer.goaway(), ErrorCode.ENHANCE_YOUR_CALM);
  });

  it("may break the rules of streams a thousand times", async () => {
    await using served = await serve((stream) => {
      stream.listener = listening({});
    });
    using peer = await Peer.connect(served.port);
    for (let id = 1; id < 2001; id += 2) peer.send(request(id, FLAG.endStream), data(id, EMPTY));
    await peer.sync();
    peer.send(request(2001, FLAG.endStream), data(2001, EMPTY));
    assert.equal(await peer.goaway(), ErrorCode.ENHANCE_YOUR_CALM);
  });
});

describe("a header block", () => {
  it("may be large, and no larger", async () => {
    await using served = await serve(refuse);
    using peer = await Peer.connect(served.port);
    const begin = frame(TYPE.headers, FLAG.endStream, 1, EMPTY);
    const more = frame(TYPE.continuation, 0, 1, Buffer.alloc(8000, 0x82));
    peer.send(begin, more, more, more, more, frame(TYPE.continuation, FLAG.endHeaders, 1, EMPTY));
    assert.equal(resetCode(await peer.end(1)), ErrorCode.ENHANCE_YOUR_CALM);
    peer.send(frame(TYPE.headers, FLAG.endStream, 3, EMPTY), ...Array(5).fill(onStream(more, 3)));
    assert.equal(await peer.goaway(), ErrorCode.ENHANCE_YOUR_CALM);
  });

  it("may come in some frames, and in no more", async () => {
    await using served = await serve(refuse);
    using peer = await Peer.connect(served.port);
    const block = headers(1, REQUEST).subarray(9);
    const parts = Array.from({ length: 15 }, (_, i) => frame(TYPE.continuation, 0, 1, block.subarray(i, i + 1)));
    peer.send(frame(TYPE.headers, FLAG.endStream, 1, EMPTY), ...parts);
    peer.send(frame(TYPE.continuation, FLAG.endHeaders, 1, block.subarray(15)));
    assert.equal((await peer.end(1)).type, TYPE.headers);
    peer.send(frame(TYPE.headers, 0, 3, EMPTY), ...Array(20).fill(frame(TYPE.continuation, 0, 3, EMPTY)));
    assert.equal(await peer.goaway(), ErrorCode.ENHANCE_YOUR_CALM);
  });

  it("is no connection's end if its list is large but its bytes are few", async () => {
    await using served = await serve(refuse);
    using peer = await Peer.connect(served.port);
    const field = headers(1, [...Object.entries(REQUEST), ["x-a", "a".repeat(3000)]]).subarray(9);
    field[field.lastIndexOf(Buffer.from("\x03x-a")) - 1] = 0x40; // into the table
    const bomb = Buffer.concat([field, Buffer.alloc(16_000, 0xbe)]);
    for (let id = 1; id < 100; id += 2) {
      const head = frame(TYPE.headers, FLAG.endStream, id, bomb.subarray(0, 16_384));
      const rest = frame(TYPE.continuation, FLAG.endHeaders, id, bomb.subarray(16_384));
      peer.send(head, rest);
      assert.equal(resetCode(await peer.end(id)), ErrorCode.ENHANCE_YOUR_CALM);
    }
    peer.send(request(101, FLAG.endStream));
    assert.equal((await peer.end(101)).type, TYPE.headers);
  });
});

/** The same frame for another stream, if it is of one. */
function onStream(bytes: Buffer, id: number): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.readUInt32BE(5) !== 0) copy.writeUInt32BE(id, 5);
  return copy;
}
