import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { ErrorCode } from "../../src/http2/protocol.ts";
import { eventually } from "../support/eventually.ts";
import { isWhole, respond, startPeer, TestClient } from "./client-peer.ts";

const LARGE = randomBytes(3 << 20);

async function read(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const echo = (stream: ServerHttp2Stream) => {
  stream.on("wantTrailers", () => stream.sendTrailers({ status: "0" }));
  stream.respond({ ":status": 200 }, { waitForTrailers: true });
  stream.pipe(stream);
};

describe("a client's connection", () => {
  it("sends requests, and receives their answers with trailers", async () => {
    const seen: IncomingHttpHeaders[] = [];
    await using peer = await startPeer(async (stream, fields) => {
      seen.push(fields);
      respond(stream, await read(stream));
    });
    using client = new TestClient(peer.port);
    await client.ready.promise;
    for (let i = 0; i < 3; i++)
      await isWhole(client.request(`body ${i}`, ["x-own", `v${i}`]), Buffer.from(`body ${i}`));
    assert.deepEqual(
      seen.map((fields) => ["x-own", ":path", ":authority", "user-agent"].map((name) => fields[name])),
      [0, 1, 2].map((i) => [`v${i}`, "/a/path", "an.authority", "a client"]),
    );
    assert.equal(client.connection.streams.size, 0);
  });

  it("has streams on which both sides send in turn, many at a time", async () => {
    await using peer = await startPeer(echo);
    using client = new TestClient(peer.port);
    const talk = async (n: number) => {
      const answer = client.request();
      for (let turn = 1; turn <= 10; turn++) {
        await answer.write(`${n % 10}`.repeat(100));
        await answer.until(100 * turn);
      }
      answer.stream.end();
      await isWhole(answer, Buffer.alloc(1000, `${n % 10}`));
    };
    await Promise.all(Array.from({ length: 50 }, (_, n) => talk(n)));
  });

  it("sends and receives more than windows, at the same time", async () => {
    await using peer = await startPeer(echo);
    using client = new TestClient(peer.port);
    const answers = [1, 2, 3].map(() => client.request(LARGE));
    await Promise.all(answers.map((answer) => isWhole(answer, LARGE)));
  });

  it("waits with what is written until there is room for it", async () => {
    let reads: ServerHttp2Stream | undefined;
    await using peer = await startPeer((stream) => {
      reads = stream;
    });
    using client = new TestClient(peer.port);
    const answer = client.request();
    assert.equal(answer.stream.write(Buffer.alloc(10_000)), true);
    assert.equal(answer.stream.write(Buffer.alloc(200_000)), false);
    await eventually(() => assert.ok(reads));
    assert.equal(answer.stream.writableLength, 210_000 - 65_535);
    answer.stream.end();
    const body = await read(reads!);
    assert.equal(body.length, 210_000);
    respond(reads!);
    await isWhole(answer, Buffer.alloc(0));
  });

  for (const size of [1 << 20, 20_000, 0]) {
    it(`goes by a window that changes to ${size} bytes in mid-stream`, async () => {
      const streams: ServerHttp2Stream[] = [];
      await using peer = await startPeer((stream) => streams.push(stream));
      using client = new TestClient(peer.port, { windowBytes: 1 << 20 });
      const answer = client.request(LARGE.subarray(0, 400_000));
      await eventually(() => assert.equal(streams.length, 1));
      assert.equal(answer.stream.sendWindow, 0);
      const [session] = peer.sessions;
      session!.settings({ initialWindowSize: size });
      await eventually(() => assert.ok(answer.stream.sendWindow === size - 65_535 || size > 400_000));
      if (size === 0) session!.settings({ initialWindowSize: 100 });
      const body = await read(streams[0]!);
      assert.ok(body.equals(LARGE.subarray(0, 400_000)));
      respond(streams[0]!);
      await isWhole(answer, Buffer.alloc(0));
    });
  }

  it("holds back what comes on a paused stream, and nothing of others", async () => {
    await using peer = await startPeer((stream, { paused }) =>
      respond(stream, LARGE.subarray(0, paused ? 300_000 : 50_000)),
    );
    using client = new TestClient(peer.port);
    const paused = Array.from({ length: 20 }, () => client.request("", ["paused", "1"]));
    for (const { stream } of paused) stream.pause();
    await Promise.all(paused.map(({ begun }) => begun.promise));
    for (let i = 0; i < 20; i++) await isWhole(client.request(""), LARGE.subarray(0, 50_000));
    for (const { bytes } of paused) assert.equal(bytes, 0);
    for (const { stream } of paused) stream.resume();
    await Promise.all(paused.map((answer) => isWhole(answer, LARGE.subarray(0, 300_000))));
  });

  it("tells of the end of a paused stream, and gives it in order", async () => {
    await using peer = await startPeer((stream) => respond(stream, "held"));
    using client = new TestClient(peer.port);
    const answer = client.request("");
    answer.stream.pause();
    await eventually(() => assert.ok(answer.heldEnd));
    assert.deepEqual([answer.bytes, answer.ended], [0, false]);
    answer.stream.resume();
    await isWhole(answer, Buffer.from("held"));
  });

  it("ignores interim answers", async () => {
    await using peer = await startPeer((stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</a>" });
      stream.additionalHeaders({ ":status": 102 });
      respond(stream, "x");
    });
    using client = new TestClient(peer.port);
    const answer = client.request("");
    await isWhole(answer, Buffer.from("x"));
    assert.deepEqual([answer.fields?.[":status"], answer.fields?.link], ["200", undefined]);
  });

  it("takes an answer that is nothing but fields", async () => {
    await using peer = await startPeer((stream) =>
      stream.respond({ ":status": 200, status: "5" }, { endStream: true }),
    );
    using client = new TestClient(peer.port);
    const answer = client.request("");
    assert.equal(await answer.closed.promise, ErrorCode.NO_ERROR);
    assert.deepEqual([answer.fields?.status, answer.ended, answer.trailers], ["5", true, undefined]);
  });

  for (const bytes of [0, 4096, 100]) {
    it(`uses no more of the peer's header table than ${bytes} bytes`, async () => {
      const seen: unknown[] = [];
      const settings = { headerTableSize: bytes };
      await using peer = await startPeer(
        (stream, fields) => {
          seen.push([fields[":path"], fields["user-agent"], fields["x-own"]]);
          respond(stream);
        },
        { settings },
      );
      using client = new TestClient(peer.port);
      const expected = [];
      for (const size of [bytes, 4096, 0, bytes]) {
        await client.ready.promise;
        peer.sessions[0]!.settings({ headerTableSize: size });
        for (let i = 0; i < 3; i++) {
          expected.push(["/a/path", "a client", `${size}.${i}`]);
          await isWhole(client.request("", ["x-own", `${size}.${i}`]), Buffer.alloc(0));
        }
      }
      assert.deepEqual(seen, expected);
    });
  }

  it("sends and receives fields that fill more than a frame", async () => {
    const long = "v".repeat(20_000);
    const limits = { maxHeaderListSize: 100_000 };
    await using peer = await startPeer(
      (stream, { a, b }) => respond(stream, `${a === long && b === long}`, { status: "0", a, b } as never),
      {
        settings: limits,
        maxSendHeaderBlockLength: 100_000,
      } as never,
    );
    using client = new TestClient(peer.port);
    const answer = client.request("", ["a", long, "b", long]);
    await isWhole(answer, Buffer.from("true"));
    assert.deepEqual([answer.trailers?.a, answer.trailers?.b], [long, long]);
  });

  it("refuses fields that cannot be sent, and goes on", async () => {
    await using peer = await startPeer((stream, { a }) => respond(stream, String(a)));
    using client = new TestClient(peer.port);
    for (const value of ["a\nb", "a\0b", "\u20ac"]) assert.throws(() => client.request("", ["a", value]), TypeError);
    await isWhole(client.request("", ["a", "b"]), Buffer.from("b"));
    assert.equal(client.connection.streams.size, 0);
  });
});
