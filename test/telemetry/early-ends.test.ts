// Calls that end before their handler is called, or while it still works, are seen as all others are: once, as their client saw them.
import assert from "node:assert/strict";
import { constants } from "node:http2";
import { createProbeClient } from "../support/grpc-js-probe.ts";
import type { ProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, open, roundTrips } from "../support/raw-h2.ts";
import { connectTcp } from "../support/tcp.ts";
import { recordServer } from "./support/recorded-server.ts";
import { pointsOf, type Recorded } from "./support/recording.ts";

const UNARY = "probe.v1.ProbeService/Unary";

/** Code or HTTP status of each span, each of which must have its point and its log line. */
function outcomesOf({ spans: all, points, logs }: Recorded): unknown[] {
  const spans = all.filter(({ kind }) => kind === "SERVER");
  const counted = pointsOf(points, "probe.requests.total").reduce((sum, { n }) => sum + n, 0);
  assert.equal(counted, spans.length);
  assert.deepEqual(new Set(logs.map((log) => log.spanId)), new Set(spans.map((span) => span.spanId)));
  assert.equal(logs.length, spans.length);
  return spans.map(({ name, attributes }) => [
    name,
    attributes["rpc.status_code"] ?? attributes["http.response.status_code"],
  ]);
}

/** The beginning of a message. */
const HALF = Buffer.from([0, 0, 0, 0, 9, 1]);

describe("a call that ends early", () => {
  it("is seen if its deadline passes while the request is read", async () => {
    let traceResponse: unknown;
    const recorded = await recordServer(async ({ port }) => {
      const session = await connectH2(port);
      const stream = open(session, "Unary", { "grpc-timeout": "20m" });
      stream.write(HALF);
      traceResponse = (await answerOf(stream)).header?.traceresponse;
      session.close();
    });
    assert.deepEqual(outcomesOf(recorded), [[UNARY, "DEADLINE_EXCEEDED"]]);
    assert.equal(traceResponse, `00-${recorded.spans[0]?.traceId}-${recorded.spans[0]?.spanId}-01`);
    assert.deepEqual(pointsOf(recorded.points, "probe.errors.total"), []); // the client was too slow
  });

  it("is seen if its client leaves while the request is read", async () => {
    const recorded = await recordServer(async ({ port }) => {
      const session = await connectH2(port);
      const stream = open(session, "Unary");
      stream.write(HALF);
      const openedAt = performance.now();
      while (performance.now() - openedAt < 100) await roundTrips(session, 1);
      stream.close(constants.NGHTTP2_CANCEL);
      await roundTrips(session, 2);
      session.close();
    });
    assert.deepEqual(outcomesOf(recorded), [[UNARY, "CANCELLED"]]);
  });

  it("is seen if there is no room for it", async () => {
    let traceResponse: unknown;
    const act = async ({ port, baseUrl }: ProbeServer) => {
      const session = await connectH2(port);
      traceResponse = (await answerOf(open(session, "BidiStream"))).header?.traceresponse;
      session.close();
      assert.equal((await fetch(`${baseUrl}/x`)).status, 503);
    };
    const recorded = await recordServer(act, { limits: { maxHeldBytes: 1000 } });
    assert.deepEqual(outcomesOf(recorded), [
      ["probe.v1.ProbeService/BidiStream", "RESOURCE_EXHAUSTED"],
      ["GET _OTHER", 503],
    ]);
    assert.equal(traceResponse, `00-${recorded.spans[0]?.traceId}-${recorded.spans[0]?.spanId}-01`);
  });

  for (const [kind, path, outcome] of [
    ["a call", `/${UNARY}`, [UNARY, "CANCELLED"]],
    ["an unknown path", "/none", ["POST _OTHER", 404]],
  ] as const) {
    it(`is seen once if its client leaves in the middle of the body (${kind})`, async () => {
      const recorded = await recordServer(async ({ port }) => {
        const socket = await connectTcp(port);
        const head = ["host: a", "content-type: application/json", "content-length: 9"].join("\r\n");
        socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\n\r\n{`);
        await new Promise((resolve) => setImmediate(resolve));
        socket.end();
        await new Promise((resolve) => socket.resume().once("close", resolve));
      });
      assert.deepEqual(outcomesOf(recorded), [outcome]);
    });
  }

  it("is one that ran into its deadline, whoever noticed that first", async () => {
    const calls = 20;
    const recorded = await recordServer(async ({ port }) => {
      const client = createProbeClient(port); // of grpc-js, which resets the stream at its deadline
      const call = async () => {
        const { status } = await client.unary({ text: "wait" }, { deadline: Date.now() + 200 });
        assert.equal(status.code, 4);
      };
      await client.unary({}); // so that the deadlines begin when the connection is there
      await Promise.all(Array.from({ length: calls }, call));
      client.close();
    });
    assert.deepEqual(outcomesOf(recorded), [[UNARY, "OK"], ...Array(calls).fill([UNARY, "DEADLINE_EXCEEDED"])]);
  });
});
