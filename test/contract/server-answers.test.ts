// Answers of the gRPC server in cases that few clients bring about, as they are on the wire.
import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { ServerStreamRequestSchema, UnaryRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import {
  data,
  FLAG,
  grpcFields,
  headers,
  message,
  rawConnect,
  SETTING,
  TYPE,
  windowUpdate,
} from "../support/h2-frames.ts";
import { createProbe, ProbeService } from "../support/probe.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const payload = (text: string, n = 0) =>
  framed(toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { text, n } })));

describe("server: answers", () => {
  let server: RpcServer;
  let port: number;
  const errors: unknown[] = [];
  const start = async (options: Partial<RpcServerOptions> = {}) => {
    errors.length = 0;
    server = createRpcServer({
      services: [createProbe().service],
      onError: (error) => errors.push(error),
      ...options,
    });
    port = await server.listen();
  };
  afterEach(() => server.close());

  it("are Trailers-Only for an error of a single answer, also with headers of the handler: only such are retried", async () => {
    const failing = service(ProbeService, {
      unary(_, { responseHeader }) {
        responseHeader.set("x-out", "told");
        throw new ConnectError("away", Code.Unavailable);
      },
    });
    await start({ services: [failing] });
    const session = await connectH2(port);
    const { header, trailersOnly, status } = await answerOf(open(session, "Unary").end(EMPTY));
    assert.deepEqual([trailersOnly, status, header?.["x-out"]], [true, Code.Unavailable, "told"]);
    session.destroy();
  });

  it("keep the names of the protocol for the protocol, whatever a handler sets", async () => {
    const meddling = service(ProbeService, {
      unary(_, { responseHeader, responseTrailer }) {
        for (const fields of [responseHeader, responseTrailer]) {
          for (const name of ["grpc-status", "grpc-encoding", "content-type"]) fields.set(name, "9");
          fields.set("x-own", "told");
        }
        return {};
      },
    });
    await start({ services: [meddling] });
    const session = await connectH2(port);
    const { header, trailer } = await answerOf(open(session, "Unary").end(EMPTY));
    assert.deepEqual([header?.["content-type"], header?.["grpc-encoding"]], ["application/grpc", undefined]);
    assert.deepEqual([header?.["x-own"], trailer?.["x-own"]], ["told", "told"]);
    assert.equal(trailer?.["grpc-status"], "0");
    session.destroy();
  });

  it("with more headers than a connection bears are an error of the server, and the connection lives on", async () => {
    const long = service(ProbeService, {
      unary({ payload }, { responseHeader }) {
        responseHeader.set("x-long", "x".repeat(payload?.n ?? 0));
        return {};
      },
    });
    await start({ services: [long] });
    const session = await connectH2(port);
    const refused = await answerOf(open(session, "Unary").end(payload("", 17_000)));
    assert.notEqual(refused.status, 0);
    assert.match(String(errors), /more than 16384 characters/);
    assert.equal((await answerOf(open(session, "Unary").end(payload("", 16_000)))).status, 0);
    session.destroy();
  });

  it("name gzip in the head of a stream if any message may come compressed, though the first does not", async () => {
    await start();
    const session = await connectH2(port);
    const stream = open(session, "BidiStream", { "grpc-accept-encoding": "gzip" });
    stream.write(payload("small"));
    stream.end(payload("x".repeat(50_000)));
    const { header, data, status } = await answerOf(stream);
    assert.deepEqual([status, header?.["grpc-encoding"]], [0, "gzip"]);
    const second = data.subarray(5 + data.readUInt32BE(1));
    assert.deepEqual([data[0], second[0]], [0, 1]);
    assert.ok(gunzipSync(second.subarray(5)).length > 50_000);
    session.destroy();
  });

  for (const timeout of ["597H", "99999999H"]) {
    it(`come in time for a deadline that is further off than a timer can be set: ${timeout}`, async () => {
      await start();
      const session = await connectH2(port);
      const stream = open(session, "Unary", { "grpc-timeout": timeout }).end(payload("slow", 50));
      assert.equal((await answerOf(stream)).status, 0);
      session.destroy();
    });
  }

  for (const method of ["BidiStream", "ClientStream"]) {
    it(`end the stream of a client that has its answer and does not end its request (${method})`, async () => {
      await start();
      const session = await connectH2(port);
      const stream = open(session, method);
      stream.write(payload("stop"));
      assert.equal((await answerOf(stream)).status, 0); // at the end of the stream
      assert.equal(session.destroyed, false);
      session.destroy();
    });
  }

  it("may be taken slowly: each piece that is taken gives time for the next", async () => {
    await start({ limits: { writeTimeoutMs: 400 } });
    const raw = await rawConnect(port, [[SETTING.initialWindowSize, 0]]);
    await raw.send(...askMuch(1), windowUpdate(0, 1 << 24));
    const received = (type: number) => raw.frames.filter((frame) => frame.type === type);
    const bytes = () => received(TYPE.data).reduce((sum, { payload }) => sum + payload.length, 0);
    const ended = () => received(TYPE.headers).length === 2 || received(TYPE.reset).length > 0;
    const begun = performance.now();
    while (!ended()) {
      const before = bytes();
      await raw.send(windowUpdate(1, 40_000));
      await eventually(() => assert.ok(bytes() > before || ended()));
      await new Promise((resolve) => setTimeout(resolve, 50)); // how slowly they are taken is what is tested
    }
    assert.ok(performance.now() - begun > 800);
    assert.deepEqual([received(TYPE.reset), bytes() > 1_000_000], [[], true]);
    raw.socket.destroy();
  });

  it("go, when others need the room, by how long nobody took of them, and not by how old they are", async () => {
    await start({ limits: { maxHeldBytes: 1 << 20 } });
    const raw = await rawConnect(port, [[SETTING.initialWindowSize, 0]]);
    const streams = (type: number) => raw.frames.filter((frame) => frame.type === type).map(({ streamId }) => streamId);
    const first = [1, 3, 5, 7, 9, 11, 13, 15]; // more than must go at once
    await raw.send(windowUpdate(0, 1 << 24), ...first.flatMap(askMuch));
    await eventually(() => assert.deepEqual(streams(TYPE.headers), first));
    await raw.send(windowUpdate(1, 200_000));
    const taken = () => raw.frames.filter(({ type }) => type === TYPE.data).reduce((n, f) => n + f.payload.length, 0);
    await eventually(() => assert.equal(taken(), 200_000));
    for (let id = 17; streams(TYPE.reset).length === 0; id += 2) {
      await raw.send(...askMuch(id));
      await eventually(() => assert.ok(streams(TYPE.headers).includes(id)));
    }
    await eventually(() => assert.ok(streams(TYPE.reset).includes(3)));
    assert.equal(streams(TYPE.reset).includes(1), false);
    raw.socket.destroy();
  });
});

/** A call whose answer has a megabyte. */
function askMuch(id: number): Buffer[] {
  const request = create(ServerStreamRequestSchema, { payload: { text: "fat", n: 100 } });
  const body = message(toBinary(ServerStreamRequestSchema, request));
  return [headers(id, grpcFields("/probe.v1.ProbeService/ServerStream")), data(id, body, FLAG.endStream)];
}
