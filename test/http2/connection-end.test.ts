// How connections end, whoever ends them.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { eventually } from "../support/eventually.ts";
import { data, FLAG, headers, settings, TYPE, windowUpdate } from "../support/h2-frames.ts";
import { goaway, isEnd, Peer, pattern, request } from "./peer.ts";
import { answer, echo, listening, serve } from "./served.ts";

const LARGE_WINDOW = [[4, 2 ** 31 - 1]] as const;

describe("a server that ends a connection", () => {
  it("tells a client that is still sending", async () => {
    await using served = await serve((stream) => {
      let bytes = 0;
      stream.listener = listening({
        onData(chunk) {
          bytes += chunk.length;
          if (bytes > 50_000) served.connections[0]!.destroy(undefined, ErrorCode.ENHANCE_YOUR_CALM, "enough");
        },
      });
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1));
    const piece = data(1, Buffer.alloc(16_384));
    let ended = false;
    const told = peer.goaway().finally(() => {
      ended = true;
    });
    while (!ended) {
      peer.send(...Array(20).fill(piece)); // without regard to any window
      await new Promise(setImmediate);
    }
    assert.equal(await told, ErrorCode.ENHANCE_YOUR_CALM);
    assert.equal(peer.of(TYPE.goaway)[0]!.payload.subarray(8).toString(), "enough");
    await peer.over();
  });

  it("waits for no client to close it, and for one that did nothing wrong until it has the last answers", async () => {
    const streams: Http2Stream[] = [];
    await using served = await serve((stream, fields) => {
      streams.push(stream);
      if (fields[":path"] === "/fault") served.connections[0]!.destroy(undefined, ErrorCode.ENHANCE_YOUR_CALM);
      else if (stream.id === 1) answer(stream, pattern(20 << 20));
      else stream.sendHeaders([], [":status", "200", "x-large", "l".repeat(4000)], true);
    });
    using peer = await Peer.connect(served.port, LARGE_WINDOW);
    await peer.sync();
    const [connection] = served.connections;
    peer.socket.pause();
    peer.send(windowUpdate(0, 2 ** 31 - 1 - 65_535), request(1, FLAG.endStream));
    await eventually(() => assert.ok(connection!.socket.writableNeedDrain)); // as its kernel and ours are full
    for (let id = 3; id < 83; id += 2) peer.send(request(id, FLAG.endStream));
    await eventually(() => assert.equal(streams.length, 41));
    connection!.close();
    streams[0]!.reset(ErrorCode.CANCEL);
    assert.ok(connection!.destroyed);

    using other = await Peer.connect(served.port);
    other.socket.allowHalfOpen = true;
    const begun = performance.now();
    other.send(request(1, 0, { ":path": "/fault" }));
    assert.equal(await other.goaway(), ErrorCode.ENHANCE_YOUR_CALM);
    await eventually(() => assert.ok(served.connections[0]!.socket.destroyed));
    assert.ok(performance.now() - begun < 3000);

    assert.ok(connection!.socket.writableLength > 160_000);
    peer.socket.resume();
    await peer.over();
    assert.equal(peer.of(TYPE.headers).length, 41);
    assert.equal(peer.of(TYPE.goaway).length, 1);
    assert.deepEqual(served.ends, [undefined, undefined]);
  });

  it("serves what it has, and nothing that comes later, whatever that is", async () => {
    const streams: Http2Stream[] = [];
    await using served = await serve((stream) => {
      streams.push(stream);
      echo(stream);
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1), data(1, Buffer.from("a")), request(3));
    await peer.sync();
    const [connection] = served.connections;
    connection!.close();
    assert.equal(await peer.goaway(), ErrorCode.NO_ERROR);
    assert.equal(peer.of(TYPE.goaway)[0]!.payload.readUInt32BE(), 3);
    peer.send(request(5), data(5, Buffer.alloc(100)), headers(5, { "x-trailer": "1" }, FLAG.endStream));
    peer.send(request(7, FLAG.endStream), windowUpdate(7, 1));
    peer.send(data(1, Buffer.from("b"), FLAG.endStream));
    await peer.end(1);
    assert.equal(peer.dataOf(1).toString(), "ab");
    assert.ok(!connection!.destroyed);
    peer.send(data(3, Buffer.from("c"), FLAG.endStream));
    await peer.over();
    assert.equal(peer.dataOf(3).toString(), "c");
    assert.equal(streams.length, 2);
    assert.deepEqual(peer.of(TYPE.reset), []);
    assert.deepEqual(served.ends, [undefined]);
  });

  it("takes nothing more from listeners and streams that know it not", async () => {
    let stream: Http2Stream | undefined;
    await using served = await serve((opened) => {
      stream = opened;
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1));
    await peer.sync();
    const [connection] = served.connections;
    connection!.destroy(undefined, ErrorCode.NO_ERROR);
    const bytes = connection!.output.waitingBytes;
    stream!.sendHeaders([], [":status", "200"]);
    stream!.sendInterim([":status", "100"]);
    assert.equal(stream!.write(pattern(1 << 20)), true);
    stream!.end(Buffer.from("x"), ["x-t", "1"]);
    stream!.pause();
    stream!.resume();
    stream!.reset(ErrorCode.CANCEL);
    connection!.close();
    connection!.announceMaxStreams(7);
    connection!.ping(() => assert.fail("no answer comes"));
    connection!.goaway(ErrorCode.NO_ERROR, 1);
    connection!.destroy(new Error("again"), ErrorCode.INTERNAL_ERROR);
    assert.equal(connection!.output.waitingBytes, bytes);
    await peer.over();
    assert.equal(peer.of(TYPE.goaway).length, 1);
    assert.deepEqual(served.ends, [undefined]);
  });
});

describe("a client that ends a connection", () => {
  it("with its end of the socket alone, is not waited for", async () => {
    const codes: number[] = [];
    await using served = await serve((stream) => {
      stream.listener = listening({ onClose: ({ rstCode }) => codes.push(rstCode) });
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1), request(3));
    await peer.sync();
    peer.socket.allowHalfOpen = true;
    peer.socket.end();
    await peer.over();
    await eventually(() => assert.ok(served.connections[0]!.socket.destroyed));
    assert.deepEqual(codes, [ErrorCode.CANCEL, ErrorCode.CANCEL]);
    assert.deepEqual(served.ends, [undefined]);
  });

  it("with its end of the socket, and reads nothing of what it asked for, is not waited for either", async () => {
    let closed = false;
    await using served = await serve((stream) => {
      stream.listener = listening({
        onClose() {
          closed = true;
        },
      });
      answer(stream, pattern(20 << 20));
    });
    using peer = await Peer.connect(served.port, LARGE_WINDOW);
    await peer.sync();
    peer.socket.pause();
    peer.send(windowUpdate(0, 2 ** 31 - 1 - 65_535), request(1, FLAG.endStream));
    const [connection] = served.connections;
    await eventually(() => assert.ok(connection!.socket.writableNeedDrain));
    peer.socket.end();
    await eventually(() => assert.ok(closed));
    await eventually(() => assert.ok(connection!.socket.destroyed));
  });

  it("with GOAWAY, gets the answers that it waits for, and no more", async () => {
    await using served = await serve(echo);
    using peer = await Peer.connect(served.port);
    peer.send(request(1), goaway(0, ErrorCode.NO_ERROR), request(3, FLAG.endStream));
    await peer.sync();
    peer.send(data(1, Buffer.from("x"), FLAG.endStream));
    await peer.over();
    assert.equal(peer.dataOf(1).toString(), "x");
    assert.equal(peer.frames.filter(isEnd).length, 1);
  });

  for (const [how, cut] of [
    ["in the middle of a frame", (peer: Peer) => peer.socket.end(data(1, Buffer.alloc(1000)).subarray(0, 500))],
    ["in the middle of a header", (peer: Peer) => peer.socket.end(Buffer.from([0, 0]))],
    ["with a reset", (peer: Peer) => peer.socket.resetAndDestroy()],
  ] as const) {
    it(`${how}, leaves nothing behind`, async () => {
      let closed = 0;
      await using served = await serve((stream) => {
        stream.listener = listening({ onClose: () => closed++ });
        answer(stream, pattern(10 << 20));
      });
      using peer = await Peer.connect(served.port, LARGE_WINDOW);
      peer.send(windowUpdate(0, 2 ** 31 - 1 - 65_535), request(1), request(3));
      await peer.find(({ type }) => type === TYPE.data);
      peer.socket.pause();
      cut(peer);
      await eventually(() => assert.equal(served.ends.length, 1));
      assert.equal(closed, 2);
      assert.equal(served.connections[0]!.streams.size, 0);
      await eventually(() => assert.ok(served.connections[0]!.socket.destroyed));
      assert.deepEqual(served.errors, []);
    });
  }

  it("before it has begun, is no error", async () => {
    await using served = await serve(() => {});
    for (const bytes of [Buffer.alloc(0), Buffer.from("PRI *"), settings()]) {
      using peer = new Peer(connect(served.port, "127.0.0.1"));
      await once(peer.socket, "connect");
      peer.socket.end(bytes);
      await peer.over();
    }
    await eventually(() => assert.equal(served.ends.length, 3));
    assert.deepEqual(served.errors, []);
  });
});
