import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { queryObjects } from "node:v8";
import { GrpcCall } from "../../src/rpc/server/grpc/call.ts";
import { eventually } from "../support/eventually.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const EMPTY = framed(new Uint8Array());
const CANCEL = 8;

/** Calls on the heap, after a garbage collection. */
const callsAlive = () => queryObjects(GrpcCall, { format: "count" });

/** What misbehaving clients do to a call, to its very end. */
const ABUSES: readonly (readonly [string, (session: ClientHttp2Session) => Promise<unknown>])[] = [
  ["answered calls", (s) => answerOf(open(s, "Unary").end(EMPTY))],
  [
    "failed calls whose request never ends",
    (s) => {
      const stream = open(s, "Unary");
      stream.write(Buffer.from([0, 0xff, 0, 0, 0]));
      return answerOf(stream);
    },
  ],
  ["calls that are reset before their message is in", (s) => resetSoon(s, "Unary", Buffer.from([0, 0]))],
  [
    "calls that end at their deadline",
    (s) => {
      const stream = open(s, "Unary", { "grpc-timeout": "20m" });
      stream.write(Buffer.from([0, 0]));
      stream.on("response", () => stream.end());
      return answerOf(stream);
    },
  ],
  ["streams that are reset while they wait for their client", (s) => resetSoon(s, "BidiStream", EMPTY)],
  ["request streams that are reset", (s) => resetSoon(s, "ClientStream", EMPTY)],
];

describe("server: memory", function () {
  this.timeout(30_000);
  let server: ProbeServer;
  before(async () => {
    server = await startProbeServer({ limits: { resetBurst: 10_000, readTimeoutMs: 200 } });
  });
  after(() => server.close());

  for (const [name, abuse] of ABUSES) {
    it(`keeps nothing of ${name}`, async () => {
      const session = await connectH2(server.port);
      await Promise.all(Array.from({ length: 200 }, () => abuse(session)));
      await eventually(() => assert.equal(callsAlive(), 0), { timeoutMs: 20_000 });
      assert.equal(session.destroyed, false);
      session.destroy();
    });
  }

  it("keeps nothing of connections that are cut, and their handlers end", async () => {
    const before = server.seen.finished;
    const session = await connectH2(server.port);
    const streams = Array.from({ length: 100 }, () => open(session, "BidiStream"));
    for (const stream of streams) stream.write(EMPTY);
    await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once("data", resolve))));
    assert.equal(callsAlive(), 100);
    session.destroy();
    await eventually(() => assert.equal(callsAlive(), 0), { timeoutMs: 20_000 });
    assert.equal(server.seen.finished, before + 100);
  });
});

function resetSoon(session: ClientHttp2Session, method: string, body: Buffer): Promise<unknown> {
  const stream: ClientHttp2Stream = open(session, method);
  stream.write(body);
  setTimeout(() => stream.close(CANCEL), 2);
  return answerOf(stream);
}
