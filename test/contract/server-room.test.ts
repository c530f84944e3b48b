// The room that gRPC's answers, resting streams and deadlines take, and give back.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, constants } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { ServerStreamRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { data, FLAG, grpcFields, headers, rawConnect, SETTING, TYPE } from "../support/h2-frames.ts";
import { createProbe, ProbeService } from "../support/probe.ts";
import { answerOf, connectH2, framed, open, roundTrips } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const payload = (text: string, n: number) =>
  framed(toBinary(ServerStreamRequestSchema, create(ServerStreamRequestSchema, { payload: { text, n } })));

describe("server: room", () => {
  let server: RpcServer;
  let session: ClientHttp2Session;
  let port: number;
  const start = async (
    limits: RpcServerOptions["limits"],
    impl: Partial<ServiceImpl<typeof ProbeService>> = createProbe().service.impl,
  ) => {
    server = createRpcServer({ services: [service(ProbeService, impl)], limits, onError: () => {} });
    port = await server.listen();
    session = await connectH2(port);
  };
  afterEach(async () => {
    session.destroy();
    await server.close();
  });

  it("is given back as a stream is taken, which may be longer than all that there is", async () => {
    await start({ maxHeldBytes: 200_000 });
    const { status, data: answer } = await answerOf(open(session, "ServerStream").end(payload("fat", 300)));
    assert.equal(status, 0);
    assert.ok(answer.length > 3_000_000);
  });

  it("is not for answers beyond all that there is, and their end is no reset by the client", async () => {
    const large = { payload: { blob: new Uint8Array(300_000) } };
    await start(
      { maxHeldBytes: 200_000, resetBurst: 1, resetsPerSecond: 0 },
      {
        unary: () => large,
        async *serverStream(_, { signal }) {
          yield large;
          if (!signal.aborted) await once(signal, "abort");
        },
        clientStream: async () => ({}),
      },
    );
    for (const method of ["Unary", "Unary", "ServerStream", "ServerStream", "ServerStream"]) {
      const { status, resetCode } = await answerOf(open(session, method).end(EMPTY));
      assert.deepEqual([status, resetCode], [undefined, constants.NGHTTP2_CANCEL], method);
    }
    assert.equal((await answerOf(open(session, "ClientStream").end(EMPTY))).status, 0);
  });

  it("is taken from streams that rest when others need it", async () => {
    await start({ maxHeldBytes: 1 << 20 });
    const resting = Array.from({ length: 50 }, () => open(session, "ServerStream").end(payload("wait", 1)));
    const answers = resting.map(answerOf);
    await Promise.all(resting.map((stream) => once(stream, "data")));
    for (let i = 0; i < 30; i++) {
      open(session, "Unary").end(payload("wait", 0));
      await roundTrips(session, 1); // until it is at work, and waits for its client no longer
    }
    assert.equal((await answers[0])?.status, Code.ResourceExhausted);
    assert.equal((await answerOf(open(session, "ClientStream").end(EMPTY))).status, 0);
  });

  it("is counted for what waits on a stream whose handler is behind", async () => {
    const answer = { payload: { blob: new Uint8Array(1000) } };
    await start(
      { maxHeldBytes: 4 << 20 },
      {
        async *bidiStream(requests) {
          for await (const _ of requests) yield answer; // which the client does not take
        },
      },
    );
    const raw = await rawConnect(port, [[SETTING.initialWindowSize, 0]]);
    const message = payload("a".repeat(100), 1);
    for (let id = 1; id < 160; id += 2) {
      const messages = Array.from({ length: 560 }, () => data(id, message));
      await raw.send(headers(id, grpcFields("/probe.v1.ProbeService/BidiStream")), ...messages);
    }
    await eventually(() => assert.ok(raw.frames.some(({ type }) => type === TYPE.reset)));
    raw.socket.destroy();
  });

  it("is not taken by deadlines of calls that are over", async () => {
    await start({}, { unary: () => ({}) });
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const before = timers();
    for (let i = 0; i < 100; i++) {
      assert.equal((await answerOf(open(session, "Unary", { "grpc-timeout": "1H" }).end(EMPTY))).status, 0);
    }
    assert.ok(timers() < before + 50, `${timers()} timers`); // others come and go
  });

  it("is not held for ever by a stream that failed and whose client takes nothing of it", async () => {
    await start(
      { writeTimeoutMs: 80 },
      {
        async *serverStream() {
          yield {};
          throw new ConnectError("away", Code.Unavailable);
        },
      },
    );
    const raw = await rawConnect(port, [[SETTING.initialWindowSize, 0]]);
    await raw.send(headers(1, grpcFields("/probe.v1.ProbeService/ServerStream")), data(1, EMPTY, FLAG.endStream));
    await eventually(() => assert.ok(raw.frames.some(({ type }) => type === TYPE.reset)));
    raw.socket.destroy();
  });
});
