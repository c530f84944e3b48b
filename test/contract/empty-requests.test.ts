import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { INTERCEPTIONS, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2 } from "../support/raw-h2.ts";

const STATUSES = {
  Unary: Code.Unimplemented,
  ServerStream: Code.Unimplemented,
  ClientStream: 0,
  BidiStream: 0,
};

describe("gRPC requests that end with their headers", () => {
  for (const [how, interceptors] of INTERCEPTIONS) {
    for (const [method, expected] of Object.entries(STATUSES)) {
      it(`are streams without a message, or calls without their one: ${method}, ${how}`, async () => {
        const server = await startProbeServer({ interceptors });
        const session = await connectH2(server.port);
        try {
          const fields = { ":method": "POST", ":path": `/probe.v1.ProbeService/${method}`, te: "trailers" };
          const stream = session.request({ ...fields, "content-type": "application/grpc" }, { endStream: true });
          assert.equal((await answerOf(stream)).status, expected);
          assert.deepEqual(server.errors, []);
        } finally {
          session.destroy();
          await server.close();
        }
      });
    }
  }
});
