import assert from "node:assert/strict";
import { createClient, type Interceptor } from "@connectrpc/connect";
import type { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { errorMapping } from "../../src/rpc/interceptors/error-mapping.ts";
import { serverTelemetry } from "../../src/rpc/interceptors/server-telemetry.ts";
import { createHealth } from "../../src/rpc/server/health.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { collect, type ProbeCall, payloads, withProbe } from "./support/probe-call.ts";
import { pointsOf, record } from "./support/recording.ts";

const server = (options: { traceResponse?: boolean } = {}): Interceptor[] => [
  serverTelemetry({ serviceName: "probe", ...options }),
  errorMapping(),
];

/** What is exported of calls that the function makes. */
const recordProbe = (act: (call: ProbeCall) => Promise<unknown>, options?: { traceResponse?: boolean }) =>
  record(() => withProbe({ server: server(options) }, act));

const rpc = (method: string) => ({
  "rpc.system.name": "grpc",
  "rpc.method": `probe.v1.ProbeService/${method}`,
  "rpc.status_code": "OK",
});

describe("propagation at the server", () => {
  it("continues the trace of the caller, sampled or not, and its baggage does not matter", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const { spans, points } = await record(
      () =>
        withProbe({ server: server() }, async ({ client }) => {
          for (const flags of ["01", "00"]) {
            const traceparent = `00-${traceId}-b7ad6b7169203331-${flags}`;
            await client.unary({}, { headers: { traceparent, baggage: "a=b" } });
          }
        }),
      { samplingRatio: 0 },
    );
    assert.deepEqual(
      spans.map((s) => [s.traceId, s.parentSpanId]),
      [[traceId, "b7ad6b7169203331"]],
    );
    assert.deepEqual(pointsOf(points, "rpc.server.call.duration"), [{ attributes: rpc("Unary"), n: 2 }]);
  });

  it("makes no span of a new trace that is not sampled, but counts the call", async () => {
    const { spans, points } = await record(
      () => withProbe({ server: server() }, ({ client }) => collect(client.bidiStream(payloads(1)))),
      {
        samplingRatio: 0,
      },
    );
    assert.deepEqual(spans, []);
    assert.deepEqual(pointsOf(points, "rpc.server.call.duration"), [{ attributes: rpc("BidiStream"), n: 1 }]);
  });

  it("sees health checks as it sees other calls", async () => {
    const health = createHealth([]);
    const { spans, points } = await record(async () => {
      const interceptors = server({ traceResponse: true });
      const rpcServer = createRpcServer({ services: [health.service], interceptors });
      const transport = createGrpcTransport({ target: `127.0.0.1:${await rpcServer.listen()}` });
      const client = createClient(health.service.desc as typeof Health, transport);
      let traceResponse: string | null = null;
      const onHeader = (headers: Headers) => {
        traceResponse = headers.get("traceresponse");
      };
      try {
        await client.check({}, { onHeader });
        assert.match(String(traceResponse), /^00-[0-9a-f]{32}-/);
        await client.check({}, { headers: { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` }, onHeader });
        assert.match(String(traceResponse), new RegExp(`^00-${"a".repeat(32)}-`));
      } finally {
        transport.close();
        await rpcServer.close();
      }
    });
    assert.deepEqual(
      spans.map((s) => [s.name, s.traceId === "a".repeat(32)]),
      [
        ["grpc.health.v1.Health/Check", false],
        ["grpc.health.v1.Health/Check", true],
      ],
    );
    assert.deepEqual(
      pointsOf(points, "rpc.server.call.duration").map((p) => p.n),
      [2],
    );
  });

  it("starts a new trace for a malformed traceparent", async () => {
    const { spans } = await recordProbe(({ client }) => client.unary({}, { headers: { traceparent: "00-zz-yy-01" } }));
    assert.deepEqual(
      spans.map((s) => s.parentSpanId),
      [""],
    );
  });

  it("tells the trace in a response header if asked to, of errors too", async () => {
    const told: (string | null)[] = [];
    const { spans } = await recordProbe(
      async ({ client }) => {
        await client.unary({}, { onHeader: (headers) => void told.push(headers.get("traceresponse")) });
        await assert.rejects(client.unary({ payload: { text: "error" } }), (error: { metadata: Headers }) => {
          told.push(error.metadata.get("traceresponse"));
          return true;
        });
      },
      { traceResponse: true },
    );
    assert.deepEqual(
      told,
      spans.map((s) => `00-${s.traceId}-${s.spanId}-01`),
    );
    assert.equal(told.length, 2);
  });

  it("tells no trace by default", async () => {
    await recordProbe(({ client }) =>
      client.unary({}, { onHeader: (headers) => assert.equal(headers.get("traceresponse"), null) }),
    );
  });
});
