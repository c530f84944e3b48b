// What a server sends, and when, is as the client's windows have it.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { eventually } from "../support/eventually.ts";
import { FLAG, frame, reset, settings, TYPE, windowUpdate } from "../support/h2-frames.ts";
import { seeded } from "../support/random.ts";
import { isEnd, Peer, pattern, request, resetCode } from "./peer.ts";
import { answer, listening, serve } from "./served.ts";

const INITIAL_WINDOW = 4;
const WINDOW = 65_535;
const TRAILERS = ["x-status", "0"];

describe("what a server sends", () => {
  it("fits windows of 0 and then of a byte at a time, with trailers after the last", async () => {
    const body = pattern(300);
    await using served = await serve((stream) => answer(stream, body, TRAILERS));
    using peer = await Peer.connect(served.port, [[INITIAL_WINDOW, 0]]);
    peer.send(request(1, FLAG.endStream));
    await peer.sync();
    assert.equal(peer.dataOf(1).length, 0);
    for (let i = 1; i <= body.length; i++) {
      peer.send(windowUpdate(1, 1));
      if (i % 50 === 0) {
        await peer.sync();
        assert.deepEqual(peer.dataOf(1), body.subarray(0, i));
      }
    }
    assert.equal((await peer.end(1)).type, TYPE.headers);
    assert.deepEqual(peer.dataOf(1), body);
    assert.equal(served.connections[0]!.streams.size, 0);
  });

  it("ends with its last data, and with an empty frame only if there is none", async () => {
    await using served = await serve((stream, fields) => answer(stream, pattern(Number(fields[":path"]!.slice(1)))));
    using peer = await Peer.connect(served.port);
    for (const [id, length] of [
      [1, 0],
      [3, 1],
      [5, 16_384],
      [7, 16_385],
    ] as const) {
      peer.send(request(id, FLAG.endStream, { ":path": `/${length}` }));
      const last = await peer.end(id);
      assert.equal(peer.dataOf(id).length, length);
      assert.equal(last.payload.length === 0, length === 0);
    }
  });

  it("follows windows that shrink to less than nothing and grow again", async () => {
    const body = pattern(100_000);
    await using served = await serve((stream) => answer(stream, body));
    using peer = await Peer.connect(served.port, [[INITIAL_WINDOW, 1000]]);
    peer.send(request(1, FLAG.endStream), request(3, FLAG.endStream));
    await peer.when(() => (peer.dataOf(1).length === 1000 && peer.dataOf(3).length === 1000 ? true : undefined));
    peer.send(settings([[INITIAL_WINDOW, 0]]), windowUpdate(1, 999));
    await peer.sync();
    assert.equal(peer.dataOf(1).length, 1000);
    peer.send(windowUpdate(1, 2));
    await peer.when(() => (peer.dataOf(1).length === 1001 ? true : undefined));
    peer.send(settings([[INITIAL_WINDOW, 2000]]));
    await peer.when(() => (peer.dataOf(1).length === 3001 && peer.dataOf(3).length === 2000 ? true : undefined));
    peer.send(settings([[INITIAL_WINDOW, 200_000]]), windowUpdate(0, 200_000));
    await peer.end(1);
    await peer.end(3);
    assert.deepEqual(peer.dataOf(1), body);
    assert.deepEqual(peer.dataOf(3), body);
  });

  it("is shared out fairly when the connection has little room", async () => {
    await using served = await serve((stream) => answer(stream, pattern(1 << 20, stream.id)));
    using peer = await Peer.connect(served.port, [[INITIAL_WINDOW, 2 ** 31 - 1]]);
    const ids = [1, 3, 5, 7, 9, 11, 13, 15];
    peer.send(...ids.map((id) => request(id, FLAG.endStream)));
    await peer.when(() => (peer.of(TYPE.data).length >= 4 ? true : undefined));
    for (let given = WINDOW; given < 1 << 20; given += 16_384) {
      const before = ids.reduce((sum, id) => sum + peer.dataOf(id).length, 0);
      peer.send(windowUpdate(0, 16_384));
      await peer.when(() => (ids.reduce((sum, id) => sum + peer.dataOf(id).length, 0) > before ? true : undefined));
    }
    const lengths = ids.map((id) => peer.dataOf(id).length);
    assert.ok(Math.max(...lengths.slice(1)) - Math.min(...lengths) <= 2 * 16_384, lengths.join());
    for (const id of ids) assert.deepEqual(peer.dataOf(id), pattern(1 << 20, id).subarray(0, peer.dataOf(id).length));
  });

  it("does not wait for streams that are stuck", async () => {
    await using served = await serve((stream) => answer(stream, pattern(50_000, stream.id)));
    using peer = await Peer.connect(served.port, [[INITIAL_WINDOW, 10]]);
    for (let id = 1; id < 100; id += 2) peer.send(request(id, FLAG.endStream));
    peer.send(settings([[INITIAL_WINDOW, 10]]), request(101, FLAG.endStream), windowUpdate(101, 49_990));
    await peer.end(101);
    assert.deepEqual(peer.dataOf(101), pattern(50_000, 101));
    for (let id = 1; id < 100; id += 2) assert.equal(peer.dataOf(id).length, 10);
  });

  it("is as it was written, in many pieces and however large, with windows and a socket that are often full", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = seeded(seed);
    const bodies = new Map<number, Buffer>();
    await using served = await serve((stream) => {
      const body = pattern(200_000 + Math.floor(random() * 300_000), stream.id);
      bodies.set(stream.id, body);
      stream.sendHeaders([], [":status", "200"]);
      writeAll(stream, body, () => Math.floor(random() ** 4 * 100_000));
    });
    using peer = await Peer.connect(served.port, [[INITIAL_WINDOW, 100_000]]);
    for (let id = 1; id < 20; id += 2) peer.send(request(id, FLAG.endStream));
    let seen = 0;
    const done = () => peer.frames.filter(isEnd).length === 10;
    while (!done()) {
      await peer.when(() => (peer.frames.length > seen || done() ? true : undefined));
      const fresh = peer.frames.slice(seen).filter(({ type }) => type === TYPE.data);
      seen = peer.frames.length;
      for (const { streamId, payload } of fresh) {
        if (payload.length > 0) peer.send(windowUpdate(0, payload.length), windowUpdate(streamId, payload.length));
      }
      if (random() < 0.1) {
        peer.socket.pause();
        setImmediate(() => peer.socket.resume());
      }
    }
    await peer.sync();
    for (const [id, body] of bodies) assert.ok(peer.dataOf(id).equals(body), `stream ${id}, seed ${seed}`);
    assert.equal(served.connections[0]!.sendWindow, WINDOW, `seed ${seed}`);
  });

  it("leaves no window behind when a stream is reset with data in the queue", async () => {
    const closed: number[] = [];
    await using served = await serve((stream) => {
      stream.listener = listening({ onClose: () => closed.push(stream.rstCode) });
      answer(stream, pattern(200_000));
    });
    using peer = await Peer.connect(served.port);
    for (let id = 1; id < 200; id += 2) {
      peer.send(request(id, FLAG.endStream));
      const before = peer.frames.length;
      await peer.when(() => (peer.frames.slice(before).some(({ type }) => type === TYPE.data) ? true : undefined));
      peer.send(reset(id));
      await peer.sync();
      peer.send(windowUpdate(0, peer.dataOf(id).length));
    }
    await peer.sync();
    assert.equal(served.connections[0]!.sendWindow, WINDOW);
    assert.equal(closed.length, 100);
    assert.equal(served.connections[0]!.streams.size, 0);
  });

  it("ends a stream whose window grows too large, or the connection", async () => {
    await using served = await serve(() => {});
    using peer = await Peer.connect(served.port);
    peer.send(request(1), request(3), request(5), windowUpdate(1, 2 ** 31 - 1 - WINDOW));
    peer.send(windowUpdate(3, 2 ** 31 - WINDOW));
    assert.equal(resetCode(await peer.end(3)), ErrorCode.FLOW_CONTROL_ERROR);
    peer.send(windowUpdate(0, 2 ** 31 - 1 - WINDOW));
    await peer.sync();
    assert.equal(peer.of(TYPE.reset).length, 1);
    peer.send(settings([[INITIAL_WINDOW, WINDOW + 1]]));
    assert.equal(await peer.goaway(), ErrorCode.FLOW_CONTROL_ERROR);
    using other = await Peer.connect(served.port);
    other.send(windowUpdate(0, 2 ** 31 - WINDOW));
    assert.equal(await other.goaway(), ErrorCode.FLOW_CONTROL_ERROR);
  });

  it("is not changed by what is written while it waits for the socket", async () => {
    await using served = await serve((stream) => answer(stream, pattern(20 << 20)));
    using peer = await Peer.connect(served.port, [[INITIAL_WINDOW, 2 ** 31 - 1]]);
    await peer.sync();
    peer.socket.pause();
    peer.send(windowUpdate(0, 2 ** 31 - 1 - WINDOW), request(1, FLAG.endStream));
    const { socket, output } = served.connections[0]!;
    await eventually(() => assert.ok(socket.writableNeedDrain));
    const pings = Array.from({ length: 900 }, (_, i) => pattern(8, i));
    for (const payload of pings) {
      const before = output.waitingBytes;
      peer.send(frame(TYPE.ping, 0, 0, payload));
      while (output.waitingBytes === before) await new Promise(setImmediate);
      await new Promise(setImmediate); // so that each goes to the socket by itself
    }
    peer.socket.resume();
    await peer.end(1);
    assert.ok(peer.dataOf(1).equals(pattern(20 << 20)));
    assert.deepEqual(
      peer
        .of(TYPE.ping)
        .slice(1)
        .map(({ payload }) => payload),
      pings,
    );
  });

  it("has heads and trailers of any size", async () => {
    const large = "l".repeat(40_000);
    await using served = await serve((stream) => {
      stream.sendHeaders([], [":status", "200", "x-large", large]);
      stream.end(Buffer.from("x"), [], ["x-large", large]);
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1, FLAG.endStream));
    await peer.when(() => (peer.of(TYPE.continuation).length === 4 ? true : undefined));
    const types = peer.frames.filter(({ streamId }) => streamId === 1).map(({ type }) => type);
    assert.deepEqual(types, [TYPE.headers, 9, 9, TYPE.data, TYPE.headers, 9, 9]);
    for (const { payload } of peer.frames) assert.ok(payload.length <= 16_384);
    const flags = peer.of(TYPE.continuation, 1).map((f) => f.flags);
    assert.deepEqual(flags, [0, FLAG.endHeaders, 0, FLAG.endHeaders]);
  });
});

/** Writes in pieces, and waits when it should. */
function writeAll(stream: Http2Stream, body: Buffer, pieceBytes: () => number): void {
  let at = 0;
  const writeSome = () => {
    while (at < body.length) {
      const piece = body.subarray(at, at + pieceBytes());
      at += piece.length;
      if (!stream.write(piece)) return;
    }
    stream.end(undefined, TRAILERS);
  };
  stream.listener = listening({ onDrain: writeSome });
  writeSome();
}
