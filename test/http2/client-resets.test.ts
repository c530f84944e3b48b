// Streams that end in every way at random, and what is left of them.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ServerHttp2Stream } from "node:http2";
import { ErrorCode } from "../../src/http2/protocol.ts";
import { isWhole, startPeer, TestClient } from "./client-peer.ts";

const MS = 1_500;
const AT_ONCE = 64;
/** With more than a frame of a stream that is reset, node's server may end the connection, whoever the client is; and with trailers. */
const MAX_ANSWER = 16_000;
const LARGE = Buffer.alloc(1 << 20, "abc");

const below = (n: number) => Math.floor(Math.random() * n);

/** Not by close(), which may spin for ever in Node 26 (Http2Session::SendPendingData) if queued writes end between its steps. */
function cut(stream: ServerHttp2Stream): void {
  if (!stream.destroyed) stream.destroy(below(2) === 0 ? undefined : new Error("reset"));
}

function respond(stream: ServerHttp2Stream, body: Uint8Array): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ":status": 200 });
  stream.end(body);
}

function answer(stream: ServerHttp2Stream): void {
  const dice = below(8);
  if (dice < 2) stream.resume().on("end", () => setImmediate(respond, stream, Buffer.alloc(below(MAX_ANSWER))));
  else if (dice < 4) respond(stream.resume(), Buffer.alloc(below(1000)));
  else if (dice === 4) respond(stream, Buffer.alloc(below(MAX_ANSWER)));
  else if (dice === 5) stream.respond({ ":status": 200 });
  if (dice >= 5) setTimeout(cut, below(5), stream);
}

describe("a client's connection", function () {
  this.timeout(MS + 30_000);

  it("has nothing left of streams that end in every way", async () => {
    await using peer = await startPeer((stream, { whole }) =>
      whole === undefined ? answer(stream) : stream.pipe(echo(stream)),
    );
    using client = new TestClient(peer.port);
    await client.ready.promise;
    const until = performance.now() + MS;
    let count = 0;

    async function exchange(): Promise<void> {
      const taken = client.request();
      const { stream } = taken;
      if (below(3) === 0) setTimeout(() => stream.reset(ErrorCode.CANCEL), below(5));
      if (below(4) === 0) {
        stream.pause();
        setTimeout(() => stream.resume(), below(5));
      }
      for (let i = below(4); i > 0 && !stream.closed; i--) {
        await Promise.race([taken.write(Buffer.alloc(below(20_000))), taken.closed.promise]);
      }
      stream.end(Buffer.alloc(below(100)));
      const ended = new Promise((resolve) => setTimeout(resolve, 5 + below(20)));
      await Promise.race([taken.closed.promise, ended]);
      stream.reset(ErrorCode.CANCEL);
      await taken.closed.promise;
      count++;
    }

    async function loop(): Promise<void> {
      while (performance.now() < until) await exchange();
    }

    await Promise.all(Array.from({ length: AT_ONCE }, loop));
    assert.ok(count > 1000, `${count} streams`);
    assert.equal(client.connection.streams.size, 0);
    assert.equal(client.connection.destroyed, false);
    // Had windows shrunk with each stream, these would not pass.
    for (let i = 0; i < 3; i++) await isWhole(client.request(LARGE, ["whole", "1"]), LARGE);
  });
});

function echo(stream: ServerHttp2Stream): ServerHttp2Stream {
  stream.on("wantTrailers", () => stream.sendTrailers({ status: "0" }));
  stream.respond({ ":status": 200 }, { waitForTrailers: true });
  return stream;
}
