import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type ClientHttp2Session, constants } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { ServerStreamRequestSchema, UnaryRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { data, FLAG, grpcFields, headers, message, rawConnect, reset, SETTING, TYPE } from "../support/h2-frames.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

type Goaway = { readonly code: number; readonly lastId: number; readonly text: string | undefined };

const EMPTY = framed(new Uint8Array());
const WAIT = toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { text: "wait" } }));
const BIG = toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { text: "big", n: 20_000 } }));
const MANY = toBinary(
  ServerStreamRequestSchema,
  create(ServerStreamRequestSchema, { payload: { text: "fat", n: 100 } }),
);

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

  it("are cut after calls that have begun to answer were told so", async () => {
    await start({ maxConnectionAge: { ageMs: 50, graceMs: 50 } });
    const closed = once(session, "close");
    const streams = Array.from({ length: 5 }, () => open(session, "BidiStream"));
    for (const stream of streams) stream.write(EMPTY);
    const statuses = (await Promise.all(streams.map(answerOf))).map(({ status }) => status);
    assert.deepEqual(new Set(statuses), new Set([Code.Unavailable]));
    await closed;
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

  const CALL = grpcFields("/probe.v1.ProbeService/Unary");
  /** Opens and resets streams, some at a time, until the connection is closed or there were as many as that; tells how many. */
  async function resetStreams(most: number, fields: Record<string, string>, livedMs: number): Promise<number> {
    const raw = await rawConnect(server.port);
    let opened = 0;
    while (opened < most && !raw.socket.destroyed) {
      const ids = Array.from({ length: 20 }, (_, i) => 2 * (opened + i) + 1);
      await raw.send(...ids.map((id) => headers(id, fields)));
      await new Promise((resolve) => setTimeout(resolve, livedMs)); // how long the streams live is what is tested
      await raw.send(...ids.map((id) => reset(id)));
      opened += ids.length;
    }
    raw.socket.destroy();
    return opened;
  }

  it("end when they open and reset streams without end", async () => {
    await start({ limits: { resetBurst: 200, resetsPerSecond: 10 } });
    for (const livedMs of [0, 5]) {
      const opened = await resetStreams(2000, CALL, livedMs);
      assert.ok(opened >= 200 && opened < 1000, `${opened} opened`);
    }
  });

  it("may be cancelled by deadlines, as many as there are", async () => {
    await start({ limits: { resetBurst: 100, resetsPerSecond: 0 } }); // some, because a slow machine sees a call late
    assert.equal(await resetStreams(400, { ...CALL, "grpc-timeout": "20m" }, 19), 400);
  });

  it("may reset one stream for each that they let be answered", async () => {
    await start({ limits: { resetBurst: 5, resetsPerSecond: 0 } });
    for (let i = 0; i < 30; i++) {
      const waiting = open(session, "Unary");
      waiting.end(framed(WAIT));
      await eventually(() => assert.equal(server.seen.attempts, 2 * i + 1));
      waiting.close(constants.NGHTTP2_CANCEL);
      assert.equal((await call()).status, 0);
    }
    assert.deepEqual(goaways, []);
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
    const { header, data } = await answerOf(stream);
    assert.deepEqual(
      [header?.[":status"], JSON.parse(data.toString())],
      [504, { code: "deadline_exceeded", message: "the request did not arrive in time" }],
    );
  });

  it("give up answers that nobody takes", async () => {
    await start({ limits: { writeTimeoutMs: 80 } });
    const raw = await rawConnect(server.port, [[SETTING.initialWindowSize, 0]]);
    const paths = ["Unary", "ServerStream"].map((method) => `/probe.v1.ProbeService/${method}`);
    const bodies = [message(BIG), message(MANY)];
    for (const [i, path] of paths.entries()) {
      await raw.send(headers(4 * i + 1, grpcFields(path)), data(4 * i + 1, bodies[i]!, FLAG.endStream));
      const json = grpcFields(path, { "content-type": i === 0 ? "application/proto" : "application/connect+proto" });
      await raw.send(headers(4 * i + 3, json), data(4 * i + 3, i === 0 ? BIG : bodies[i]!, FLAG.endStream));
    }
    const resets = () => raw.frames.filter(({ type }) => type === TYPE.reset).map(({ streamId }) => streamId);
    await eventually(() => assert.deepEqual(resets().sort(), [1, 3, 5, 7]));
    raw.socket.destroy();
  });
});
