import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { service } from "../../src/rpc/service.ts";
import { UnaryRequestSchema, UnaryResponseSchema } from "../gen/probe/v1/probe_pb.js";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { type Answer, answerOf, connectH2, framed, open, roundTrips } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const message = (n: number) =>
  framed(toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { n, text: "some text" } })));

describe("server: gRPC on the wire", () => {
  let server: ProbeServer;
  let session: ClientHttp2Session;
  before(async () => {
    server = await startProbeServer({ services: [service(Health, {})] });
    session = await connectH2(server.port);
  });
  after(async () => {
    session.destroy();
    await server.close();
  });

  function call(body: Buffer | undefined, fields: Record<string, string> = {}): Promise<Answer> {
    const stream = open(session, "Unary", fields);
    if (body === undefined) stream.end();
    else stream.end(body);
    return answerOf(stream);
  }

  it("answers 415 to codecs other than protobuf, 405 to methods other than POST", async () => {
    const json = await call(EMPTY, { "content-type": "application/grpc+json" });
    assert.equal(json.header?.[":status"], 415);
    assert.equal(json.header["accept-post"], "application/grpc, application/grpc+proto");
    const put = await call(EMPTY, { ":method": "PUT" });
    assert.equal(put.header?.[":status"], 405);
    assert.equal(put.header.allow, "POST");
  });

  it("answers in the content type of the request", async () => {
    for (const type of ["application/grpc", "application/grpc+proto"]) {
      const { header, status } = await call(EMPTY, { "content-type": type });
      assert.deepEqual([header?.["content-type"], status], [type, 0]);
    }
  });

  it("answers UNIMPLEMENTED, with trailers only, for what is not served or not implemented", async () => {
    for (const path of ["/probe.v1.ProbeService/Nope", "/nope.Nope/Nope", "/", "/grpc.health.v1.Health/Check"]) {
      const { status, trailersOnly } = await call(EMPTY, { ":path": path });
      assert.deepEqual([status, trailersOnly], [Code.Unimplemented, true], path);
    }
  });

  it("refuses encodings other than gzip and says which it knows", async () => {
    for (const encoding of ["deflate", "br", "snappy"]) {
      const { status, header } = await call(EMPTY, { "grpc-encoding": encoding });
      assert.equal(status, Code.Unimplemented, encoding);
      assert.equal(header?.["grpc-accept-encoding"], "identity,gzip");
    }
  });

  const BROKEN: readonly (readonly [string, Buffer | undefined, Code])[] = [
    ["a message that is none", framed(Buffer.from([0xff, 0xff])), Code.InvalidArgument],
    ["an incomplete message", Buffer.from([0, 0, 0, 0, 9, 1]), Code.InvalidArgument],
    ["two messages for one", Buffer.concat([EMPTY, EMPTY]), Code.Unimplemented],
    ["no message, and no body", undefined, Code.Unimplemented],
    ["no message in an empty body", Buffer.alloc(0), Code.Unimplemented],
    ["a compressed message without grpc-encoding", framed(Buffer.from([1]), 1), Code.Internal],
    ["an unknown flag", framed(Buffer.from([1]), 7), Code.Internal],
    ["a length beyond the limit", Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), Code.ResourceExhausted],
  ];
  for (const [name, body, code] of BROKEN) {
    it(`answers ${Code[code]}, with trailers only, to ${name}`, async () => {
      const { status, trailersOnly } = await call(body);
      assert.deepEqual([status, trailersOnly], [code, true]);
    });
  }

  it("refuses a grpc-timeout that is none", async () => {
    for (const timeout of ["zzz", "1", "m", "123456789m", "-1S", "1.5S"]) {
      const { status } = await call(EMPTY, { "grpc-timeout": timeout });
      assert.equal(status, Code.InvalidArgument, timeout);
    }
  });

  it("keeps the deadline while the request is incomplete", async () => {
    const stream = open(session, "Unary", { "grpc-timeout": "50m" });
    stream.write(Buffer.from([0]));
    const { status, trailersOnly } = await answerOf(stream);
    assert.deepEqual([status, trailersOnly], [Code.DeadlineExceeded, true]);
  });

  it("puts a message together from single bytes", async () => {
    const stream = open(session, "Unary");
    for (const byte of message(7)) {
      stream.write(Buffer.from([byte]));
      await roundTrips(session, 1); // each byte is a DATA frame of its own
    }
    stream.end();
    const { data } = await answerOf(stream);
    assert.equal(fromBinary(UnaryResponseSchema, data.subarray(5)).payload?.n, 8);
  });

  it("answers a client that does not end its request, and lets the stream go", async () => {
    const stream = open(session, "Unary");
    stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    const { status, resetCode } = await answerOf(stream);
    assert.deepEqual([status, resetCode], [Code.ResourceExhausted, 0]);
  });

  it("survives resets with any code at any time", async () => {
    const reset = (stream: ClientHttp2Stream, code: number) => {
      stream.close(code);
      return answerOf(stream);
    };
    for (const code of [0, 1, 2, 5, 8, 11]) {
      const begun = open(session, "Unary");
      begun.write(Buffer.from([0, 0]));
      await roundTrips(session, 1);
      await reset(begun, code);
      const running = open(session, "BidiStream");
      running.write(EMPTY);
      await roundTrips(session, 1);
      await reset(running, code);
    }
    assert.equal((await call(EMPTY)).status, 0);
  });
});
