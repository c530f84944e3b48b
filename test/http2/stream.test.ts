// What streams do for those who use them.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { data, FLAG, headers, reset } from "../support/h2-frames.ts";
import { Peer, pattern, request, resetCode } from "./peer.ts";
import { answer, listening, serve } from "./served.ts";

const LARGE = pattern(100_000);

describe("trailers that cannot be sent", () => {
  it("are refused when the stream is ended, even if data is to be sent before", async () => {
    const thrown: unknown[] = [];
    await using served = await serve((stream) => {
      stream.sendHeaders([], [":status", "200"]);
      for (const [shared, own] of [
        [["x-a", "\u0100"], []],
        [[], ["x-a", "a\nb"]],
      ] as const) {
        try {
          stream.end(LARGE, shared, own);
        } catch (error) {
          thrown.push(error);
          stream.reset(ErrorCode.INTERNAL_ERROR);
        }
      }
    });
    using peer = await Peer.connect(served.port);
    for (const id of [1, 3]) {
      peer.send(request(id, FLAG.endStream));
      assert.equal(resetCode(await peer.end(id)), ErrorCode.INTERNAL_ERROR);
    }
    assert.ok(thrown.every((error) => error instanceof TypeError) && thrown.length === 2);
  });
});

describe("a stream that holds data back", () => {
  it("gives it in order, then the end, and nothing once it was reset", async () => {
    const got: string[] = [];
    let stream: Http2Stream | undefined;
    await using served = await serve((opened) => {
      stream = opened;
      stream.pause();
      stream.listener = listening({
        onData(chunk) {
          got.push(chunk.toString());
          if (stream!.id === 3) stream!.reset(ErrorCode.CANCEL);
        },
        onEnd: (trailers) => got.push(`end ${trailers?.["x-t"]}`),
        onClose: () => got.push("close"),
      });
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1), data(1, Buffer.from("a")), data(1, Buffer.from("b")), headers(1, { "x-t": "t" }, 1));
    await peer.sync();
    assert.deepEqual(got, []);
    stream!.resume();
    assert.deepEqual(got.splice(0), ["ab", "end t"]);
    answer(stream!);
    assert.deepEqual(got.splice(0), ["close"]);
    peer.send(request(3), data(3, Buffer.from("a"), FLAG.endStream));
    await peer.sync();
    stream!.resume();
    assert.deepEqual(got.splice(0), ["a", "close"]);
    peer.send(request(5), data(5, Buffer.from("a"), FLAG.endStream), reset(5));
    await peer.sync();
    stream!.resume();
    assert.deepEqual(got, ["close"]);
  });

  it("is told of no end if the last data made its listener reset it", async () => {
    const got: string[] = [];
    await using served = await serve((stream) => {
      stream.listener = listening({
        onData: () => stream.reset(ErrorCode.CANCEL),
        onEnd: () => got.push("end"),
        onClose: () => got.push("close"),
      });
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1), data(1, Buffer.from("a"), FLAG.endStream));
    await peer.sync();
    assert.deepEqual(got, ["close"]);
  });
});
