import assert from "node:assert/strict";
import { Code, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { trace } from "@opentelemetry/api";
import { errorMapping } from "../../src/rpc/interceptors/error-mapping.ts";
import { serverTelemetry } from "../../src/rpc/interceptors/server-telemetry.ts";
import { eventually } from "../support/eventually.ts";
import { ProbeService } from "../support/probe.ts";
import { callWithServerDeadline, collect, type ProbeCall, payloads, withProbe } from "./support/probe-call.ts";
import { pointsOf, record, summaryOf } from "./support/recording.ts";

const KINDS = {
  Unary: ({ client }: ProbeCall, text = "", n = 1) => client.unary({ payload: { text, n } }),
  ServerStream: ({ client }: ProbeCall, text = "", n = 1) => collect(client.serverStream({ payload: { text, n } })),
  ClientStream: ({ client }: ProbeCall, text = "", n = 1) => client.clientStream(payloads(n, text)),
  BidiStream: ({ client }: ProbeCall, text = "", n = 1) => collect(client.bidiStream(payloads(n, text))),
};

const server = (): Interceptor[] => [serverTelemetry({ serviceName: "probe" }), errorMapping()];

/** What is exported of calls that the function makes. */
const recordProbe = (act: (call: ProbeCall) => Promise<unknown>) => record(() => withProbe({ server: server() }, act));

const rpc = (method: string, status = "OK", system = "grpc") => ({
  "rpc.system.name": system,
  "rpc.method": `probe.v1.ProbeService/${method}`,
  "rpc.status_code": status,
});

describe("server telemetry", () => {
  for (const [method, call] of Object.entries(KINDS)) {
    it(`makes one span and one point of each metric for a ${method} call`, async () => {
      const { spans, points } = await recordProbe((probe) => call(probe, "", 3));
      const name = `probe.v1.ProbeService/${method}`;
      assert.deepEqual(spans.map(summaryOf), [
        { name, kind: "SERVER", attributes: rpc(method), status: { code: "UNSET", message: "" }, events: [] },
      ]);
      assert.equal(spans[0]?.parentSpanId, "");
      assert.deepEqual(pointsOf(points, "rpc.server.call.duration"), [{ attributes: rpc(method), n: 1 }]);
      const request = { endpoint: name, status: 200 };
      assert.deepEqual(pointsOf(points, "probe.requests.total"), [{ attributes: request, n: 1 }]);
      assert.deepEqual(pointsOf(points, "probe.request.duration"), [{ attributes: request, n: 1 }]);
      assert.deepEqual(pointsOf(points, "probe.errors.total"), []);
    });

    it(`does not call an outcome of the domain an error of the server (${method})`, async () => {
      const { spans, points } = await recordProbe((probe) => assert.rejects(call(probe, "error")));
      const name = `probe.v1.ProbeService/${method}`;
      const attributes = rpc(method, "NOT_FOUND");
      assert.deepEqual(spans.map(summaryOf), [
        { name, kind: "SERVER", attributes, status: { code: "UNSET", message: "" }, events: [] },
      ]);
      assert.deepEqual(pointsOf(points, "rpc.server.call.duration"), [{ attributes, n: 1 }]);
      assert.deepEqual(pointsOf(points, "probe.requests.total"), [
        { attributes: { endpoint: name, status: 404 }, n: 1 },
      ]);
      assert.deepEqual(pointsOf(points, "probe.errors.total"), []);
    });
  }

  for (const method of ["Unary", "ServerStream"] as const) {
    it(`records a fault with its cause (${method})`, async () => {
      const { spans, points } = await recordProbe((probe) => assert.rejects(KINDS[method](probe, "crash")));
      const name = `probe.v1.ProbeService/${method}`;
      const attributes = { ...rpc(method, "INTERNAL"), "error.type": "INTERNAL" };
      const status = { code: "ERROR", message: "internal error" };
      assert.deepEqual(spans.map(summaryOf), [{ name, kind: "SERVER", attributes, status, events: ["exception"] }]);
      const exception = spans[0]?.events[0]?.attributes;
      assert.equal(exception?.["exception.type"], "Error");
      assert.equal(exception?.["exception.message"], "a secret of the server");
      assert.match(String(exception?.["exception.stacktrace"]), /^Error: a secret of the server\n {4}at .*probe\.ts/);
      assert.deepEqual(pointsOf(points, "rpc.server.call.duration"), [{ attributes, n: 1 }]);
      assert.deepEqual(pointsOf(points, "probe.errors.total"), [
        { attributes: { endpoint: name, status: 500, error_type: "server_error" }, n: 1 },
      ]);
    });
  }

  it("has durations in the advised buckets, in seconds and in ms", async () => {
    const { points } = await recordProbe((probe) => KINDS.Unary(probe, "slow", 20));
    const seconds = points.find((p) => p.metric === "rpc.server.call.duration");
    const ms = points.find((p) => p.metric === "probe.request.duration");
    assert.equal(seconds?.unit, "s");
    assert.deepEqual(seconds?.bounds, [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]);
    assert.ok(seconds.sum >= 0.019 && seconds.sum < 2, `${seconds.sum} s`);
    assert.equal(ms?.unit, "ms");
    assert.deepEqual(ms?.bounds, [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000]);
    assert.ok(Math.abs(ms.sum - seconds.sum * 1000) < 0.001);
  });

  for (const method of ["unary", "serverStream"] as const) {
    it(`sees a deadline as the client does (${method})`, async () => {
      const desc = ProbeService.method[method];
      const { spans } = await recordProbe(async ({ server: { port } }) => {
        const status = await callWithServerDeadline(port, desc, { payload: { text: "wait" } }, 20);
        assert.equal(status, Code.DeadlineExceeded);
      });
      const attributes = { ...rpc(desc.name, "DEADLINE_EXCEEDED"), "error.type": "DEADLINE_EXCEEDED" };
      const name = `probe.v1.ProbeService/${desc.name}`;
      const status = { code: "ERROR", message: "the operation timed out" };
      assert.deepEqual(spans.map(summaryOf), [{ name, kind: "SERVER", attributes, status, events: ["exception"] }]);
    });
  }

  it("sees the deadline although the handler does not look at it", async () => {
    let returned = false;
    const watched: Interceptor = (next) => async (req) => {
      const res = await next(req);
      returned = true;
      return res;
    };
    const { spans } = await record(() =>
      withProbe({ server: [...server(), watched] }, async ({ server: { port } }) => {
        await callWithServerDeadline(port, ProbeService.method.unary, { payload: { text: "slow", n: 60 } }, 20);
        await eventually(() => assert.ok(returned));
      }),
    );
    assert.deepEqual(
      spans.map((s) => s.attributes["rpc.status_code"]),
      ["DEADLINE_EXCEEDED"],
    );
  });

  for (const method of ["Unary", "ServerStream"] as const) {
    it(`ends the span of a ${method} call that the client cancels`, async () => {
      const { spans, points } = await recordProbe(async ({ client, server: { seen } }) => {
        const cancel = new AbortController();
        const options = { signal: cancel.signal };
        const calls = {
          Unary: () => client.unary({ payload: { text: "wait" } }, options),
          ServerStream: () => collect(client.serverStream({ payload: { text: "wait", n: 1 } }, options)),
        };
        const rejected = assert.rejects(calls[method](), { name: "ConnectError" });
        await eventually(() => assert.equal(seen.attempts + seen.yielded, 1));
        cancel.abort();
        await rejected;
        await eventually(() => assert.deepEqual(seen.aborts, [Code.Canceled]));
      });
      const attributes = rpc(method, "CANCELLED");
      const status = { code: "UNSET", message: "" };
      const name = `probe.v1.ProbeService/${method}`;
      assert.deepEqual(spans.map(summaryOf), [{ name, kind: "SERVER", attributes, status, events: [] }]);
      assert.deepEqual(pointsOf(points, "rpc.server.call.duration"), [{ attributes, n: 1 }]);
    });
  }

  it("keeps the span active in handlers, on every pull of a stream and before each await", async () => {
    const seen: (string | undefined)[] = [];
    const note = () => void seen.push(trace.getActiveSpan()?.spanContext().spanId);
    const watched: Interceptor = (next) => async (req) => {
      note();
      const res = await next(req);
      note();
      if (!res.stream) return res;
      async function* pulled<T>(messages: AsyncIterable<T>) {
        for await (const message of messages) {
          note();
          yield message;
        }
        note();
      }
      return { ...res, message: pulled(res.message) };
    };
    const { spans } = await record(() =>
      withProbe({ server: [...server(), watched] }, (probe) => KINDS.BidiStream(probe, "", 3)),
    );
    assert.deepEqual(seen, Array(6).fill(spans[0]?.spanId));
  });

  for (const [protocol, create, system] of [
    ["Connect", createConnectTransport, "connectrpc"],
    ["gRPC-Web", createGrpcWebTransport, "grpc_web"],
  ] as const) {
    it(`means the same over ${protocol}`, async () => {
      const { spans, points } = await recordProbe(async ({ server: { port } }) => {
        const client = createClient(ProbeService, create({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "1.1" }));
        await client.unary({});
        await assert.rejects(collect(client.serverStream({ payload: { text: "crash", n: 1 } })));
      });
      const fault = { ...rpc("ServerStream", "INTERNAL", system), "error.type": "INTERNAL" };
      assert.deepEqual(
        spans.map((s) => summaryOf(s).attributes),
        [rpc("Unary", "OK", system), fault],
      );
      assert.deepEqual(pointsOf(points, "rpc.server.call.duration"), [
        { attributes: rpc("Unary", "OK", system), n: 1 },
        { attributes: fault, n: 1 },
      ]);
    });
  }
});
