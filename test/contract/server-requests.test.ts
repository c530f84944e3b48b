// Requests to the gRPC server in forms that few clients send, as they are on the wire.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Code } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
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
