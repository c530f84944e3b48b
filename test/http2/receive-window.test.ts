// What a server takes, whatever becomes of it, makes room for as much again.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ErrorCode } from "../../src/http2/protocol.ts";
import { data, FLAG, frame, reset, TYPE, windowUpdate } from "../support/h2-frames.ts";
import { echoless, FATES, PIECE, Sender, WINDOW } from "./fates.ts";
import { Peer, pattern, request, resetCode } from "./peer.ts";
import { echo, type OnStream, serve } from "./served.ts";

describe("the window of a connection is given back if data", () => {
  for (const { name, server, client } of FATES) {
    it(name, async () => {
      let onStream = server;
      await using served = await serve((stream, fields, endsStream) => onStream(stream, fields, endsStream));
      using peer = await Peer.connect(served.port);
      const sender = new Sender(peer);
      let id = 1;
      for (; sender.sent < 12 * WINDOW; id += 2) await client(sender, id);
      onStream = echo;
      await echoed(sender, id);
      assert.deepEqual(served.errors, []);
    });
  }

  it("comes for streams that are refused", async () => {
    let onStream: OnStream = () => {};
    const settings = { maxConcurrentStreams: 1 };
    await using served = await serve((stream, ...rest) => onStream(stream, ...rest), { settings });
    using peer = await Peer.connect(served.port);
    peer.send(request(1));
    const sender = new Sender(peer);
    let id = 3;
    for (; sender.sent < 12 * WINDOW; id += 2) {
      peer.send(request(id));
      await sender.data(data(id, PIECE));
      assert.equal(resetCode(await peer.end(id)), ErrorCode.REFUSED_STREAM);
    }
    peer.send(reset(1));
    onStream = echo;
    await echoed(sender, id);
  });

  it("is more than the window of its stream", async () => {
    let onStream: OnStream = () => {};
    const options = { settings: { initialWindowSize: 100 } };
    await using served = await serve((stream, ...rest) => onStream(stream, ...rest), options);
    using peer = await Peer.connect(served.port);
    await peer.find(({ type, flags }) => type === TYPE.settings && flags === 0);
    peer.send(frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(0)));
    await peer.sync();
    const sender = new Sender(peer);
    let id = 1;
    for (; sender.sent < 12 * WINDOW; id += 2) {
      peer.send(request(id));
      await sender.data(data(id, PIECE));
      assert.equal(resetCode(await peer.end(id)), ErrorCode.FLOW_CONTROL_ERROR);
    }
    onStream = echoless;
    peer.send(request(id), data(id, Buffer.alloc(100)));
    await peer.when(() => (peer.opened(id) > 50 ? true : undefined));
  });
});

describe("the window of a stream", () => {
  it("is opened for what was sent before the client knew its size", async () => {
    const settings = { initialWindowSize: 1000 };
    await using served = await serve(echoless, { settings });
    using peer = await Peer.connect(served.port);
    peer.send(request(1), data(1, Buffer.alloc(10_000)), data(1, Buffer.alloc(10_000)));
    await peer.sync();
    peer.send(frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(0)));
    await peer.sync();
    assert.equal(peer.opened(1), 20_000); // without which it would be less than nothing
  });

  it("is not opened for what is held back, but that of the connection is", async () => {
    await using served = await serve((stream) => stream.pause());
    using peer = await Peer.connect(served.port);
    peer.send(request(1), data(1, Buffer.alloc(16_384)), data(1, Buffer.alloc(16_384)), data(1, Buffer.alloc(16_384)));
    await peer.sync();
    assert.equal(peer.opened(1), 0);
    assert.ok(peer.opened(0) >= 16_384);
    peer.send(data(1, Buffer.alloc(16_384)));
    assert.equal(resetCode(await peer.end(1)), ErrorCode.FLOW_CONTROL_ERROR);
  });
});

/** A call whose body is larger than the window. */
async function echoed(sender: Sender, id: number): Promise<void> {
  const { peer } = sender;
  const body = pattern(3 * WINDOW);
  peer.send(request(id));
  for (let at = 0; at < body.length; at += 10_000) {
    const end = Math.min(at + 10_000, body.length);
    await peer.when(() => (WINDOW + peer.opened(id) >= end ? true : undefined));
    await sender.data(data(id, body.subarray(at, end), end === body.length ? FLAG.endStream : 0));
    await peer.when(() => (peer.dataOf(id).length === end ? true : undefined));
    peer.send(windowUpdate(0, end - at), windowUpdate(id, end - at));
  }
  assert.deepEqual(peer.dataOf(id), body);
}
