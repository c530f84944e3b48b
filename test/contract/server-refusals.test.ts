// Calls that the gRPC server refuses before they begin, and those that are gone before they begin.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { Code } from "@connectrpc/connect";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { eventually } from "../support/eventually.ts";
import { grpcFields, headers, PREFACE, reset, settings } from "../support/h2-frames.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open, roundTrips } from "../support/raw-h2.ts";
import { connectTcp } from "../support/tcp.ts";

const EMPTY = framed(new Uint8Array());
const REFUSED: readonly (readonly [method: string, fields: Record<string, string>, status: number])[] = [
  ["Nope", {}, 200],
  ["Unary", { ":method": "PUT" }, 405],
  ["Unary", { "content-type": "application/grpc+json" }, 415],
];

describe("server: refusals", () => {
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

  it("take identity for no encoding", async () => {
    await start();
    assert.equal((await answerOf(open(session, "Unary", { "grpc-encoding": "identity" }).end(EMPTY))).status, 0);
  });

  it("come in the content type of the request", async () => {
    await start();
    for (const type of ["application/grpc", "application/grpc+proto"]) {
      const { header, status } = await answerOf(open(session, "Nope", { "content-type": type }).end(EMPTY));
      assert.deepEqual([header?.["content-type"], status], [type, Code.Unimplemented]);
    }
  });

  it("end the streams of clients that do not end their requests", async () => {
    await start();
    const answers = await Promise.all(REFUSED.map(([method, fields]) => answerOf(open(session, method, fields))));
    assert.deepEqual(
      answers.map(({ header, resetCode }) => [header?.[":status"], header?.date, resetCode]),
      REFUSED.map(([, , status]) => [status, undefined, 0]),
    );
  });

  it("give clients time to send what they have, for some read the answer only then", async () => {
    await start();
    for (const [method, fields] of REFUSED) {
      const stream = open(session, method, fields);
      await once(stream, "response");
      await roundTrips(session, 3); // the server has had time to end the stream
      assert.equal(stream.closed, false);
      assert.equal((await answerOf(stream.end(EMPTY))).resetCode, 0);
    }
  });

  it("are not for streams that are gone before they are looked at, which count as resets", async () => {
    await start({ limits: { resetBurst: 5, resetsPerSecond: 0 } });
    const socket = await connectTcp(server.port);
    const streams = [1, 3, 5, 7, 9, 11].flatMap((id) => [
      headers(id, grpcFields("/probe.v1.ProbeService/ClientStream")),
      reset(id),
    ]);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write(Buffer.concat([PREFACE, settings(), ...streams])); // read all at once
    await eventually(() => assert.match(Buffer.concat(chunks).toString("latin1"), /too_many_resets/));
    socket.destroy();
    assert.deepEqual([server.seen.finished, server.errors], [0, []]); // no handler was called
  });
});
