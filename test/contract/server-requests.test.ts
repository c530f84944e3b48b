// Requests to the gRPC server in forms that few clients send, as they are on the wire.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { UnaryRequestSchema } from "../gen/probe/v1/probe_pb.js";
import { INTERCEPTIONS, type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open, roundTrips } from "../support/raw-h2.ts";

describe("server: requests", () => {
  let server: ProbeServer;
  const start = async (options: Partial<RpcServerOptions> = {}) => {
    server = await startProbeServer(options);
  };
  afterEach(() => server.close());

  it("may be an empty message in pieces", async () => {
    await start();
    const session = await connectH2(server.port);
    const stream = open(session, "Unary");
    stream.write(Buffer.alloc(2));
    await roundTrips(session, 1);
    stream.end(Buffer.alloc(3));
    assert.equal((await answerOf(stream)).status, 0);
    session.destroy();
  });

  it("may be an empty message that says it is compressed", async () => {
    await start();
    const session = await connectH2(server.port);
    const stream = open(session, "Unary", { "grpc-encoding": "gzip" }).end(framed(new Uint8Array(), 1));
    assert.equal((await answerOf(stream)).status, 0);
    session.destroy();
  });

  it("may come slowly: each piece gives time for the next", async () => {
    await start({ limits: { readTimeoutMs: 400 } });
    const session = await connectH2(server.port);
    const message = framed(
      toBinary(UnaryRequestSchema, create(UnaryRequestSchema, { payload: { text: "a".repeat(20) } })),
    );
    const stream = open(session, "Unary");
    for (const byte of message) {
      stream.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 40)); // how slowly they come is what is tested
    }
    assert.equal((await answerOf(stream.end())).status, 0);
    session.destroy();
  });

  for (const [name, interceptors] of INTERCEPTIONS) {
    for (const method of ["Unary", "ServerStream"]) {
      it(`reach no handler if their message cannot be read (${method}, ${name})`, async () => {
        await start({ interceptors });
        const session = await connectH2(server.port);
        const { status } = await answerOf(open(session, method).end(framed(Buffer.from([0xff]))));
        assert.equal(status, Code.InvalidArgument);
        assert.deepEqual([server.seen.attempts, server.seen.finished], [0, 0]);
        session.destroy();
      });
    }
  }
});
