import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type ClientHttp2Session, constants } from "node:http2";
import { Code } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { eventually } from "../support/eventually.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

type Goaway = { readonly code: number; readonly lastId: number; readonly text: string | undefined };

const EMPTY = framed(new Uint8Array());

describe("server: HTTP/2 connections", () => {
  let server: ProbeServer;
  let session: ClientHttp2Session;
  let goaways: Goaway[];
  const start = async (options: Partial<RpcServerOptions>) => {
    server = await startProbeServer(options);
    session = await connectH2(server.port);
    goaways = [];
    session.on("goaway", (code, lastId, data) => goaways.push({ code, lastId, text: data?.toString() }));
  };
  afterEach(async () => {
    session.destroy();
    await server.close();
  });
  const call = () => {
    const stream = open(session, "Unary");
    stream.end(EMPTY);
    return answerOf(stream);
  };

  it("are probed by pings and live on while the peer answers", async () => {
    await start({ keepalive: { timeMs: 20, timeoutMs: 1000 } });
    let pings = 0;
    session.on("ping", () => pings++);
    await eventually(() => assert.ok(pings >= 3));
    assert.equal((await call()).status, 0);
  });

  it("are cut when a ping is not answered", async () => {
    await start({ keepalive: { timeMs: 50, timeoutMs: 50 } });
    const proxy = await startStallingProxy(server.port);
    const far = await connectH2(proxy.port);
    const stream = open(far, "BidiStream");
    stream.write(EMPTY);
    await once(stream, "data");
    proxy.stall(); // the client no longer sees pings
    await eventually(() => assert.equal(server.seen.finished, 1));
    far.destroy();
    await proxy.close();
  });

  it("end at their age, give or take, after the calls that run", async () => {
    await start({ maxConnectionAge: { ageMs: 200, graceMs: 5000 } });
    const stream = open(session, "BidiStream");
    stream.write(EMPTY);
    await once(session, "goaway");
    assert.deepEqual(goaways[0], { code: 0, lastId: 2 ** 31 - 1, text: undefined });
    stream.end(EMPTY);
    const { data, status } = await answerOf(stream);
    assert.equal(status, 0);
    assert.ok(data.length > 0);
    await once(session, "close");
  });

  it("are cut when calls outlive the grace after their age", async () => {
    await start({ maxConnectionAge: { ageMs: 50, graceMs: 50 } });
    const stream = open(session, "BidiStream");
    stream.write(EMPTY);
    await once(session, "close");
    await eventually(() => assert.equal(server.seen.finished, 1));
  });

  it("end when no stream was open for long enough", async () => {
    await start({ idleTimeoutMs: 100 });
    const stream = open(session, "BidiStream");
    stream.write(EMPTY);
    await once(stream, "data");
    await new Promise((resolve) => setTimeout(resolve, 200)); // longer than the limit: an open stream keeps the connection
    assert.deepEqual(goaways, []);
    stream.end();
    await answerOf(stream);
    await once(session, "close");
    assert.deepEqual(goaways[0], { code: 0, lastId: 2 ** 31 - 1, text: undefined });
  });

  it("end with too_many_pings when they send too many", async () => {
    await start({ limits: { maxPingStrikes: 2, minPingIntervalMs: 1000 } });
    for (let i = 0; i < 5; i++) session.ping(() => {});
    await eventually(() => assert.equal(session.destroyed, true));
    assert.deepEqual(
      goaways.map(({ code, text }) => [code, text]),
      [[constants.NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings"]],
    );
  });

  it("may send pings between calls, and slowly", async () => {
    await start({ limits: { maxPingStrikes: 0, minPingIntervalMs: 5 } });
    const ping = () => new Promise<void>((resolve) => session.ping(() => resolve()));
    for (let i = 0; i < 10; i++) {
      await call();
      await ping();
    }
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10)); // the pause is what is tested
      await ping();
    }
    assert.deepEqual([goaways, (await call()).status], [[], 0]);
  });

  it("end when they open and reset streams without end", async () => {
    await start({ limits: { resetBurst: 200, resetsPerSecond: 10 } });
    let opened = 0;
    await eventually(async () => {
      for (let i = 0; i < 20 && !session.closed && !session.destroyed; i++, opened++) {
        const stream = open(session, "Unary");
        stream.write(Buffer.from([0]));
        setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
      }
      assert.ok(session.closed || session.destroyed);
    });
    assert.ok(opened > 150 && opened < 2000, `${opened} opened`);
  });

  it("may have as many streams as the limit says", async () => {
    await start({ limits: { maxConcurrentStreams: 3 } });
    assert.equal(session.remoteSettings.maxConcurrentStreams, 3);
  });

  it("refuse requests with more headers than the limit", async () => {
    await start({ limits: { maxHeaderListBytes: 2000 } });
    const stream = open(session, "Unary", { "x-large": "x".repeat(3000) });
    stream.end(EMPTY);
    const { header, resetCode } = await answerOf(stream);
    assert.deepEqual([header, resetCode], [undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM]);
  });

  it("give up requests that stop coming, and only those", async () => {
    await start({ limits: { readTimeoutMs: 80 } });
    const waiting = open(session, "Unary"); // nothing at all
    const begun = open(session, "Unary");
    begun.write(Buffer.from([0, 0, 0]));
    const partial = open(session, "BidiStream");
    partial.write(Buffer.concat([EMPTY, Buffer.from([0, 0])]));
    const resting = open(session, "BidiStream"); // between messages a stream may rest
    resting.write(EMPTY);
    const answers = await Promise.all([waiting, begun, partial].map(answerOf));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [Code.DeadlineExceeded, Code.DeadlineExceeded, Code.DeadlineExceeded],
    );
    assert.equal(resting.closed, false);
    resting.end();
    assert.equal((await answerOf(resting)).status, 0);
  });

  it("give up plain requests that stop coming", async () => {
    await start({ limits: { requestTimeoutMs: 80 } });
    const stream = open(session, "Unary", { "content-type": "application/proto" });
    stream.write(Buffer.from([1]));
    assert.equal((await answerOf(stream)).resetCode, constants.NGHTTP2_CANCEL);
  });
});
