import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClientHttp2Session } from "node:http2";
import { Writable } from "node:stream";
import { Code } from "@connectrpc/connect";
import { createLogger, format, transports } from "winston";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const METHODS = ["Unary", "ServerStream", "ClientStream", "BidiStream"];

describe("frames that the protocols forbid", () => {
  let server: ProbeServer;
  let session: ClientHttp2Session;
  const lines: { level: string; code: string }[] = [];
  before(async () => {
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    const logger = createLogger({ format: format.json(), transports: [new transports.Stream({ stream })] });
    server = await startProbeServer({ interceptors: serverInterceptors({ logger, serviceName: "probe" }) });
    session = await connectH2(server.port);
  });
  after(async () => {
    session.destroy();
    await server.close();
  });

  for (const contentType of ["application/grpc", "application/grpc-web", "application/connect+proto"]) {
    for (const method of METHODS) {
      if (contentType === "application/connect+proto" && method === "Unary") continue;
      it(`are INTERNAL to the client of ${method}, ${contentType}, and no fault of the server in its log`, async () => {
        for (const flag of [1, 2, 3, 4, 0x80, 0x81, 0x82, 0xff]) {
          lines.length = 0;
          const stream = open(session, method, { "content-type": contentType });
          stream.end(framed(Buffer.from([0]), flag));
          const { status, data } = await answerOf(stream);
          const inBody = /grpc-status: (\d+)|"code":"([a-z]+)"/.exec(data.toString("latin1"));
          assert.ok([String(Code.Internal), "internal"].includes(String(status ?? inBody?.[1] ?? inBody?.[2])));
          assert.deepEqual(
            lines.map(({ level, code }) => [level, code]),
            [["info", "INTERNAL"]],
            `flag ${flag}`,
          );
        }
        assert.deepEqual(server.errors, []);
      });
    }
  }
});
