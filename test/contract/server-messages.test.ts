// Messages of gRPC requests, cut, compressed and sized in all ways.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClientHttp2Session } from "node:http2";
import { gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import {
  BidiStreamRequestSchema,
  BidiStreamResponseSchema,
  UnaryRequestSchema,
  UnaryResponseSchema,
} from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { data, grpcFields, headers, rawConnect, TYPE } from "../support/h2-frames.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open, roundTrips } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const METHODS = ["Unary", "ServerStream", "ClientStream", "BidiStream"];

/** A request with a blob, of so many bytes in all. */
function sized(bytes: number): Uint8Array {
  const of = (length: number) =>
    toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { blob: Buffer.alloc(length, 1) } }));
  const message = of(bytes - (of(bytes).length - bytes));
  assert.equal(message.length, bytes);
  return message;
}

describe("server: messages", () => {
  let server: ProbeServer;
  let session: ClientHttp2Session;
  const start = async (options: Partial<RpcServerOptions> = {}) => {
    server = await startProbeServer(options);
    session = await connectH2(server.port);
  };
  afterEach(async () => {
    session.destroy();
    await server.close();
  });

  it("are put together wherever they were cut", async () => {
    await start();
    const request = (n: number) =>
      framed(toBinary(BidiStreamRequestSchema, create(BidiStreamRequestSchema, { payload: { n, text: "x" } })));
    const body = Buffer.concat([request(1), EMPTY, request(2), request(3), EMPTY]);
    for (let cut = 1; cut < body.length; cut++) {
      const stream = open(session, "BidiStream");
      stream.write(body.subarray(0, cut));
      await roundTrips(session, 1); // each part is a DATA frame of its own
      const { status, data: answer } = await answerOf(stream.end(body.subarray(cut)));
      assert.equal(status, 0);
      assert.deepEqual(numbersIn(answer), [2, 0, 4, 6, 0], `cut at ${cut}`);
    }
  });

  it("are put together though a part of one looks like another", async () => {
    await start();
    const request = create(UnaryRequestSchema, { payload: { blob: framed(Buffer.alloc(3)) } });
    const body = framed(toBinary(UnaryRequestSchema, request));
    const stream = open(session, "Unary");
    stream.write(body.subarray(0, -8));
    await roundTrips(session, 1);
    const { status, data: answer } = await answerOf(stream.end(body.subarray(-8)));
    assert.equal(status, 0);
    assert.deepEqual(fromBinary(UnaryResponseSchema, answer.subarray(5)).payload?.blob, request.payload?.blob);
  });

  it("may be as large as the limit, and no larger, whole or in parts", async () => {
    const LIMIT = 5000;
    await start({ limits: { readMaxBytes: LIMIT } });
    for (const method of METHODS) {
      for (const [bytes, code] of [
        [LIMIT, 0],
        [LIMIT + 1, Code.ResourceExhausted],
      ] as const) {
        for (const parts of [1, 2]) {
          const body = framed(sized(bytes));
          const stream = open(session, method);
          if (parts === 2) {
            stream.write(body.subarray(0, 7));
            await roundTrips(session, 1);
          }
          const { status } = await answerOf(stream.end(body.subarray(parts === 2 ? 7 : 0)));
          assert.equal(status, code, `${method}: ${bytes} bytes in ${parts}`);
        }
      }
    }
  });

  for (const limit of [5000, 64 << 10, 1 << 20]) {
    it(`may grow to the limit when they are decompressed, and no further (${limit})`, async () => {
      await start({ limits: { readMaxBytes: limit } });
      const send = async (bytes: number) => {
        const stream = open(session, "ClientStream", { "grpc-encoding": "gzip" });
        return answerOf(stream.end(framed(gzipSync(sized(bytes)), 1)));
      };
      assert.equal((await send(limit)).status, 0);
      assert.equal(server.seen.received, 1);
      const { status, header, trailer } = await send(limit + 1);
      assert.equal(status, Code.ResourceExhausted);
      const message = `message size ${limit + 1} is larger than configured max ${limit}`;
      assert.equal((trailer ?? header)?.["grpc-message"], message);
      assert.equal(server.seen.received, 1);
    });
  }

  it("have no flag but that of compression, whatever the encoding", async () => {
    await start();
    for (const method of METHODS) {
      const stream = open(session, method, { "grpc-encoding": "gzip" });
      const { status, header, trailer } = await answerOf(stream.end(framed(gzipSync(sized(100)), 3)));
      assert.deepEqual(
        [status, (trailer ?? header)?.["grpc-message"]],
        [Code.Internal, "invalid frame flag 3"],
        method,
      );
    }
  });

  it("count in the budget while their client does not end the request", async () => {
    await start({ limits: { maxHeldBytes: 1 << 20 } });
    const raw = await rawConnect(server.port);
    const whole = framed(Buffer.alloc(15_000));
    const ended = () => raw.frames.filter(({ type }) => type === TYPE.headers).map(({ streamId }) => streamId);
    for (let i = 0; i < 45; i++) {
      await raw.send(headers(2 * i + 1, grpcFields("/probe.v1.ProbeService/Unary")), data(2 * i + 1, whole));
    }
    await eventually(() => assert.ok(ended().includes(1))); // the calls alone would not fill it
    raw.socket.destroy();
  });

  for (const method of ["Unary", "ClientStream"]) {
    it(`end the connection of a client that sends them byte by byte without end (${method})`, async () => {
      await start();
      const raw = await rawConnect(server.port);
      const byte = Buffer.alloc(1, 1);
      await raw.send(
        headers(1, grpcFields(`/probe.v1.ProbeService/${method}`)),
        data(1, Buffer.concat([Buffer.from([0, 0, 0]), Buffer.from([50, 0])])),
      );
      for (let sent = 0; sent < 5000 && !raw.socket.destroyed; sent += 50) {
        await raw.send(...Array.from({ length: 50 }, () => data(1, byte)));
      }
      await raw.closed;
      const goaway = raw.frames.find(({ type }) => type === TYPE.goaway);
      assert.match(goaway?.payload.toString("latin1") ?? "", /too_many_small_frames/);
    });
  }
});

/** payload.n of each message. */
function numbersIn(body: Buffer): (number | undefined)[] {
  const numbers: (number | undefined)[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    numbers.push(fromBinary(BidiStreamResponseSchema, body.subarray(at + 5, end)).payload?.n);
    at = end;
  }
  return numbers;
}
