// What a stranger sends over gRPC costs others nothing.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { HealthCheckRequestSchema } from "../../gen/grpc/health/v1/health_pb.js";
import { createHealth } from "../../src/rpc/server/health.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { UnaryRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { ProbeService } from "../support/probe.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const LIMIT = 8192;
const text = (length: number) =>
  toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { text: "x".repeat(length) } }));

describe("hostile gRPC", () => {
  let server: ProbeServer;
  let session: ClientHttp2Session;
  const start = async (options: Parameters<typeof startProbeServer>[0] = {}) => {
    server = await startProbeServer(options);
    session = await connectH2(server.port);
  };
  afterEach(async () => {
    session.destroy();
    await server.close();
  });
  const call = (body: Buffer, fields: Record<string, string> = {}) => {
    const stream = open(session, "Unary", fields);
    stream.end(body);
    return answerOf(stream);
  };

  it("says little of a name that it does not know, and the connection lives", async () => {
    await start({ services: [createHealth([]).service] });
    const stream = open(session, "BidiStream");
    stream.write(framed(new Uint8Array()));
    await once(stream, "data");
    for (const name of ["x", "é", "%", "\u{1F600}"]) {
      const body = toBinary(
        HealthCheckRequestSchema,
        create(HealthCheckRequestSchema, { service: name.repeat(15_000) }),
      );
      const { status, header } = await call(framed(body), { ":path": "/grpc.health.v1.Health/Check" });
      assert.equal(status, Code.NotFound);
      assert.ok(String(header?.["grpc-message"]).length < 1000);
    }
    const path = await call(framed(new Uint8Array()), { ":path": `/${"y".repeat(10_000)}` });
    assert.equal(path.status, Code.Unimplemented);
    assert.ok(String(path.header?.["grpc-message"]).length < 1000);
    assert.deepEqual([stream.destroyed, session.destroyed], [false, false]);
  });

  const endless = (): ConnectError => {
    const error = new ConnectError("ä".repeat(100_000), Code.Aborted);
    for (let i = 0; i < 200; i++) error.details.push({ type: "probe.v1.Payload", value: new Uint8Array(1000) });
    return error;
  };
  const ANSWERS: readonly (readonly [string, Code, (context: HandlerContext) => object])[] = [
    [
      "an error of any length",
      Code.Aborted,
      () => {
        throw endless();
      },
    ],
    [
      "trailers of any length",
      Code.Internal,
      ({ responseTrailer }) => {
        responseTrailer.set("x-long", "x".repeat(70_000));
        return {};
      },
    ],
    [
      "headers of any length",
      Code.Internal,
      ({ responseHeader }) => {
        responseHeader.set("x-long", "x".repeat(70_000));
        return {};
      },
    ],
  ];
  for (const [name, code, unary] of ANSWERS) {
    it(`ends no connection by ${name}`, async () => {
      await start();
      const impl: Partial<ServiceImpl<typeof ProbeService>> = { unary: (_, context) => unary(context) };
      const other = createRpcServer({
        services: [service(ProbeService, { async *serverStream() {}, ...impl })],
        onError: () => {},
      });
      const client = await connectH2(await other.listen());
      const stream = open(client, "Unary");
      stream.end(framed(new Uint8Array()));
      const { status, resetCode } = await answerOf(stream);
      assert.ok(status === code || resetCode === 2, `${status} ${resetCode}`);
      assert.equal(client.destroyed, false);
      const next = open(client, "ServerStream");
      next.end(framed(new Uint8Array()));
      assert.equal((await answerOf(next)).status, 0);
      client.destroy();
      await other.close();
    });
  }

  it("reads no message further than its method's limit", async () => {
    await start({ maxRequestBytes: ({ name }) => (name === "Unary" ? LIMIT : undefined) });
    assert.equal((await call(framed(text(LIMIT - 20)))).status, 0);
    assert.equal((await call(framed(text(LIMIT)))).status, Code.ResourceExhausted);
    const bomb = gzipSync(text(50_000_000));
    assert.ok(bomb.length > LIMIT && gzipSync(text(4_000_000)).length < LIMIT);
    for (const body of [gzipSync(text(LIMIT)), gzipSync(text(4_000_000))]) {
      const { status } = await call(framed(body, 1), { "grpc-encoding": "gzip" });
      assert.equal(status, Code.ResourceExhausted);
    }
    const announced = open(session, "Unary");
    announced.write(Buffer.from([0, 0, 0x10, 0, 0]));
    assert.equal((await answerOf(announced)).status, Code.ResourceExhausted);
  });

  it("drops unknown fields, which would cost a hundred times their size", async () => {
    await start();
    const many = Buffer.alloc(60_000);
    for (let i = 0; i < many.length; i += 3) many.set([0xb8, 0x3e, 1], i); // field 999, a varint
    const { status, data } = await call(framed(many));
    assert.equal(status, 0);
    assert.ok(data.length < 20);
  });

  it("answers messages that are no gzip as the client's fault", async () => {
    await start();
    for (const body of [
      Buffer.from("no gzip"),
      gzipSync("x").subarray(0, 8),
      Buffer.concat([gzipSync("x").subarray(0, 12), Buffer.alloc(20)]),
    ]) {
      assert.equal((await call(framed(body, 1), { "grpc-encoding": "gzip" })).status, Code.InvalidArgument);
    }
    assert.deepEqual(server.errors, []);
  });

  it("tells the handler of a reset at once, also of a unary call", async () => {
    await start();
    const stream = open(session, "Unary");
    stream.end(framed(toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { text: "wait" } }))));
    await eventually(() => assert.equal(server.seen.attempts, 1));
    stream.close(8);
    await eventually(() => assert.deepEqual(server.seen.aborts, [Code.Canceled]));
  });
});
