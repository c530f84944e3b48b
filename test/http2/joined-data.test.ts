// What is written to a stream in one turn of the event loop goes out in as few DATA frames as it fits in.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { eventually } from "../support/eventually.ts";
import { FLAG, SETTING, TYPE, windowUpdate } from "../support/h2-frames.ts";
import { seeded } from "../support/random.ts";
import { Peer, type PeerFrame, pattern, request } from "./peer.ts";
import { serve } from "./served.ts";

const HEAD = [":status", "200"];
const MAX_FRAME_BYTES = 16_384;

/** The streams and the lengths of the DATA frames that came. */
const dataFrames = (peer: Peer): [streamId: number, length: number][] =>
  peer.of(TYPE.data).map(({ streamId, payload }: PeerFrame) => [streamId, payload.length]);

describe("data of one turn", () => {
  it("is joined, with the end of its stream", async () => {
    await using served = await serve((stream) => {
      stream.sendHeaders([], HEAD);
      for (let i = 0; i < 10; i++) stream.write(pattern(30, i));
      stream.end(pattern(30, 10));
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1, FLAG.endStream));
    const last = await peer.end(1);
    assert.deepEqual(dataFrames(peer), [[1, 330]]);
    assert.equal(last.flags, FLAG.endStream);
    assert.deepEqual(peer.dataOf(1), Buffer.concat(Array.from({ length: 11 }, (_, i) => pattern(30, i))));
  });

  it("is not joined across other frames", async () => {
    const streams: Http2Stream[] = [];
    await using served = await serve((stream) => {
      streams.push(stream);
      if (streams.length === 2) {
        const [a, b] = streams as [Http2Stream, Http2Stream];
        for (const each of streams) each.sendHeaders([], HEAD);
        for (const each of [a, a, b, a, b, b]) each.write(pattern(10, each.id));
        for (const each of streams) each.end();
      }
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1, FLAG.endStream), request(3, FLAG.endStream));
    await peer.end(1);
    await peer.end(3);
    const expected = [
      ...[
        [1, 20],
        [3, 10],
        [1, 10],
        [3, 20],
      ],
      ...[
        [1, 0],
        [3, 0],
      ],
    ];
    assert.deepEqual(dataFrames(peer), expected);
  });

  it("is no frame without content if the content is gone when its turn comes", async () => {
    const chunk = pattern(100, 1).slice();
    await using served = await serve((stream) => {
      stream.sendHeaders([], HEAD);
      stream.end(chunk);
    });
    using peer = await Peer.connect(served.port, [[SETTING.initialWindowSize, 0]]);
    peer.send(request(1, FLAG.endStream));
    await peer.sync();
    structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] });
    peer.send(windowUpdate(1, 100));
    await eventually(() => assert.ok(peer.ended));
    assert.deepEqual(dataFrames(peer), []);
    assert.equal(peer.of(TYPE.goaway).length, 1, "a whole frame comes last");
  });

  it("keeps to the size of a frame, whatever is written", async () => {
    const random = seeded(7);
    const chunks = Array.from({ length: 300 }, (_, i) => pattern(Math.floor(random() * 400), i));
    const whole = Buffer.concat(chunks);
    await using served = await serve((stream) => {
      stream.sendHeaders([], HEAD);
      for (const chunk of chunks) stream.write(chunk);
      stream.end();
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1, FLAG.endStream));
    await peer.end(1);
    assert.deepEqual(peer.dataOf(1), whole);
    const lengths = dataFrames(peer).map(([, length]) => length);
    assert.ok(Math.max(...lengths) <= MAX_FRAME_BYTES && lengths.length < 20, lengths.join());
  });
});
