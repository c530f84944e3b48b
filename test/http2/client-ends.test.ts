// How streams and connections of our client end.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { ServerHttp2Stream } from "node:http2";
import { ErrorCode } from "../../src/http2/protocol.ts";
import { eventually } from "../support/eventually.ts";
import { isWhole, respond, startPeer, TestClient } from "./client-peer.ts";

const LARGE = Buffer.alloc(3 << 20, "abc");

describe("the end of a client's stream", () => {
  it("may be the server's reset", async () => {
    await using peer = await startPeer((stream) => stream.close(ErrorCode.REFUSED_STREAM));
    using client = new TestClient(peer.port);
    const answer = client.request();
    assert.equal(await answer.closed.promise, ErrorCode.REFUSED_STREAM);
    assert.equal(answer.ended, false);
  });

  it("may be its own reset, after which nothing comes", async () => {
    const codes: (number | undefined)[] = [];
    await using peer = await startPeer((stream) => {
      stream.on("close", () => codes.push(stream.rstCode));
      respond(stream, LARGE);
    });
    using client = new TestClient(peer.port);
    const answer = client.request();
    await answer.until(1);
    answer.stream.reset(ErrorCode.CANCEL);
    const { bytes } = answer;
    await eventually(() => assert.deepEqual(codes, [ErrorCode.CANCEL]));
    await isWhole(client.request(""), LARGE);
    assert.deepEqual([answer.bytes, answer.ended, client.connection.streams.size], [bytes, false, 0]);
  });

  it("may come before all of the request was sent", async () => {
    await using peer = await startPeer((stream) => respond(stream, "early"));
    using client = new TestClient(peer.port);
    const answer = client.request();
    answer.stream.write(Buffer.alloc(1_000_000));
    await eventually(() => assert.ok(answer.ended || answer.stream.closed));
    assert.deepEqual([answer.body.toString(), answer.trailers?.status], ["early", "0"]);
    answer.stream.reset(ErrorCode.NO_ERROR);
    await answer.closed.promise;
    await isWhole(client.request(""), Buffer.from("early"));
  });
});

describe("the end of a client's connection", () => {
  it("by GOAWAY refuses streams that the server does not serve, and lets others end", async () => {
    const streams: ServerHttp2Stream[] = [];
    await using peer = await startPeer((stream) => streams.push(stream));
    using client = new TestClient(peer.port);
    const answers = [client.request(""), client.request(""), client.request("")] as const;
    await eventually(() => assert.equal(streams.length, 3));
    peer.sessions[0]!.goaway(0, answers[0].stream.id);
    assert.equal(await answers[1].closed.promise, ErrorCode.REFUSED_STREAM);
    assert.equal(await answers[2].closed.promise, ErrorCode.REFUSED_STREAM);
    assert.throws(() => client.request(""), /no more streams/);
    respond(streams[0]!, "x");
    await isWhole(answers[0], Buffer.from("x"));
    assert.equal(await client.closed.promise, undefined);
  });

  it("by GOAWAY for an error ends all streams, and tells it", async () => {
    await using peer = await startPeer((stream) => stream.session!.goaway(ErrorCode.ENHANCE_YOUR_CALM, 1));
    using client = new TestClient(peer.port);
    const answers = [client.request(), client.request()] as const;
    assert.match(String(await client.closed.promise), /\(11\)/);
    assert.deepEqual(
      [await answers[0].closed.promise, await answers[1].closed.promise],
      [ErrorCode.CANCEL, ErrorCode.REFUSED_STREAM],
    );
  });

  it("waits for streams when it is closed here", async () => {
    const streams: ServerHttp2Stream[] = [];
    await using peer = await startPeer((stream) => streams.push(stream));
    using client = new TestClient(peer.port);
    const answer = client.request("");
    await eventually(() => assert.equal(streams.length, 1));
    client.connection.close();
    respond(streams[0]!, LARGE);
    await isWhole(answer, LARGE);
    assert.equal(await client.closed.promise, undefined);
    await eventually(() => assert.ok(peer.sessions[0]!.destroyed));
  });

  it("may be sudden, and ends all streams", async () => {
    await using peer = await startPeer((stream) => stream.session!.socket.destroy());
    using client = new TestClient(peer.port);
    const answer = client.request();
    assert.equal(await answer.closed.promise, ErrorCode.CANCEL);
    await client.closed.promise;
    assert.equal(client.connection.streams.size, 0);
  });

  it("comes with the error where nobody listens", async () => {
    const peer = await startPeer(() => {});
    await peer[Symbol.asyncDispose]();
    using client = new TestClient(peer.port);
    assert.match(String(await client.closed.promise), /ECONNREFUSED/);
  });

  it("is not brought about by pings, which both sides answer", async () => {
    await using peer = await startPeer(() => {});
    using client = new TestClient(peer.port);
    await client.ready.promise;
    await new Promise<void>((resolve) => client.connection.ping(resolve));
    await new Promise((resolve) => peer.sessions[0]!.ping(resolve));
    assert.equal(client.pings, 1);
    client.connection.close();
    await once(peer.sessions[0]!, "close");
  });
});
