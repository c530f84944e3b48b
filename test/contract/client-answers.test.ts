// Answers that no sound server gives, or none of ours: node's own HTTP/2 server says them.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import {
  createServer,
  type Http2Server,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { UnaryResponseSchema } from "../gen/probe/v1/probe_pb.js";
import { countOf, failureOf } from "../support/outcomes.ts";
import { ProbeService } from "../support/probe.ts";
import { copies, type ProbeClient, setsHeader } from "../support/probe-client.ts";

type Answer = {
  headers?: OutgoingHttpHeaders;
  body?: Buffer;
  trailers?: OutgoingHttpHeaders;
};

const OK = { "grpc-status": "0" };

function frame(bytes: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const MESSAGE = toBinary(UnaryResponseSchema, create(UnaryResponseSchema, { payload: { n: 7 } }));
const EMPTY = frame(Buffer.alloc(0));

type Fault = [name: string, answer: Answer, code: Code, message: RegExp];

const FAULTS: Fault[] = [
  ["no message", { trailers: OK }, Code.Unimplemented, /missing output message/],
  ["two messages", { body: Buffer.concat([EMPTY, EMPTY]), trailers: OK }, Code.Unimplemented, /extra output message/],
  ["no protobuf", { body: frame(Buffer.from([255, 255])), trailers: OK }, Code.Internal, /./],
  [
    "no gzip",
    { headers: { "grpc-encoding": "gzip" }, body: frame(MESSAGE, 1), trailers: OK },
    Code.Internal,
    /decompress/,
  ],
  ["a strange status", { body: EMPTY, trailers: { "grpc-status": "999" } }, Code.Unknown, /^$/],
  ["no status", { body: EMPTY, trailers: {} }, Code.Internal, /without gRPC status/],
  ...["!!", "//8", "CGM"].map((details): Fault => {
    const trailers = { "grpc-status": "5", "grpc-message": "gone", "grpc-status-details-bin": details };
    return [`details that are none: ${details}`, { trailers }, Code.NotFound, /^gone$/];
  }),
  [
    "an HTTP error",
    { headers: { ":status": 503, "content-type": "text/html" } },
    Code.Unavailable,
    /HTTP status code 503/,
  ],
  [
    "an HTTP error with a page",
    { headers: { ":status": 404 }, body: Buffer.from("<html>") },
    Code.Unimplemented,
    /404/,
  ],
];

for (const [mode, interceptors] of Object.entries({ plainly: [], "with interceptors": [setsHeader, copies] })) {
  describe(`the client, ${mode}, given`, () => {
    const sessions = new Set<ServerHttp2Session>();
    let server: Http2Server;
    let transport: GrpcTransport;
    let client: ProbeClient;
    let answer: Answer | undefined;

    before(async () => {
      server = createServer();
      server.on("session", (session) => sessions.add(session));
      server.on("stream", (stream: ServerHttp2Stream) => {
        stream.on("error", () => {});
        stream.resume();
        stream.on("end", () => {
          if (answer === undefined) return;
          const { headers, body = Buffer.alloc(0), trailers } = answer;
          const head = { ":status": 200, "content-type": "application/grpc", ...headers };
          stream.respond(head, { waitForTrailers: trailers !== undefined });
          stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
          stream.end(body);
        });
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      transport = createGrpcTransport({ target: `127.0.0.1:${port}`, interceptors });
      client = createClient(ProbeService, transport);
    });

    after(() => {
      transport.close();
      for (const session of sessions) session.destroy();
      server.close();
    });

    it("a compressed message, reads it", async () => {
      answer = { headers: { "grpc-encoding": "gzip" }, body: frame(gzipSync(MESSAGE), 1), trailers: OK };
      assert.equal((await client.unary({})).payload?.n, 7);
    });

    for (const [name, fault, code, message] of FAULTS) {
      it(`${name}, fails with ${Code[code]}`, async () => {
        answer = fault;
        const failure = await failureOf(client.unary({}, { timeoutMs: 5000 }));
        assert.equal(failure.code, code);
        assert.match(failure.rawMessage, message);
      });
    }

    it("a stream of no protobuf, fails with INTERNAL", async () => {
      answer = { body: frame(Buffer.from([255, 255])), trailers: OK };
      const failure = await failureOf(countOf(client.serverStream({})));
      assert.equal(failure.code, Code.Internal);
    });

    it("no answer, fails at the deadline", async () => {
      answer = undefined;
      const failures = await Promise.all([
        failureOf(client.unary({}, { timeoutMs: 100 })),
        failureOf(countOf(client.serverStream({}, { timeoutMs: 100 }))),
      ]);
      for (const failure of failures) {
        assert.equal(failure.code, Code.DeadlineExceeded);
        assert.equal(failure.rawMessage, "the operation timed out");
      }
    });
  });
}
