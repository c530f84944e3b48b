import assert from "node:assert/strict";
import { Code, type ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { context, propagation } from "@opentelemetry/api";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { serverHooks } from "../../src/rpc/hooks/hooked.ts";
import {
  type ClientTelemetryOptions,
  clientTelemetry,
  serverAttributes,
} from "../../src/rpc/interceptors/client-telemetry.ts";
import { defineOutcomes } from "../../src/rpc/outcomes.ts";
import { statusName } from "../../src/rpc/status-name.ts";
import { ProbeService } from "../support/probe.ts";
import { collect, type ProbeCall, payloads, withProbe } from "./support/probe-call.ts";
import { pointsOf, record, summaryOf } from "./support/recording.ts";

const KINDS = {
  Unary: ({ client }: ProbeCall, text = "") => client.unary({ payload: { text, n: 3 } }),
  ServerStream: ({ client }: ProbeCall, text = "") => collect(client.serverStream({ payload: { text, n: 3 } })),
  ClientStream: ({ client }: ProbeCall, text = "") => client.clientStream(payloads(3, text)),
  BidiStream: ({ client }: ProbeCall, text = "") => collect(client.bidiStream(payloads(3, text))),
};

const client: Interceptor[] = [clientTelemetryLater()];

/** The interceptor takes its instruments when it is made, so it is made when telemetry has started. */
function clientTelemetryLater(options: Partial<ClientTelemetryOptions> = {}): Interceptor {
  return (next) => {
    let made: ReturnType<Interceptor> | undefined;
    return (req) => {
      made ??= clientTelemetry({ peer: "http://probe:8081", ...options })(next);
      return made(req);
    };
  };
}

const recordProbe = (act: (call: ProbeCall) => Promise<unknown>) => record(() => withProbe({ client }, act));

const rpc = (method: string, status = "OK") => ({
  "rpc.system.name": "grpc",
  "rpc.method": `probe.v1.ProbeService/${method}`,
  "server.address": "probe",
  "server.port": 8081,
  "rpc.status_code": status,
  ...(status !== "OK" && { "error.type": status }),
});

describe("client telemetry", () => {
  for (const [method, call] of Object.entries(KINDS)) {
    const name = `probe.v1.ProbeService/${method}`;

    it(`makes one span and one point for a ${method} call`, async () => {
      const { spans, points } = await recordProbe((probe) => call(probe));
      const status = { code: "UNSET", message: "" };
      assert.deepEqual(spans.map(summaryOf), [{ name, kind: "CLIENT", attributes: rpc(method), status, events: [] }]);
      assert.deepEqual(pointsOf(points, "rpc.client.call.duration"), [{ attributes: rpc(method), n: 1 }]);
    });

    it(`calls every status but OK an error (${method})`, async () => {
      const { spans, points } = await recordProbe((probe) => assert.rejects(call(probe, "error")));
      const attributes = rpc(method, "NOT_FOUND");
      const status = { code: "ERROR", message: "näh: 100%\nline" };
      assert.deepEqual(spans.map(summaryOf), [{ name, kind: "CLIENT", attributes, status, events: [] }]);
      assert.deepEqual(pointsOf(points, "rpc.client.call.duration"), [{ attributes, n: 1 }]);
    });
  }

  const outcomes = defineOutcomes("probe.example", {
    SOLD_OUT: { code: Code.FailedPrecondition },
    BROKEN: { code: Code.Internal },
  });
  const others = defineOutcomes("other.example", { SOLD_OUT: { code: Code.FailedPrecondition } });
  const answers: Readonly<Record<string, [ConnectError, string | undefined]>> = {
    "that callers reckon with": [outcomes.error("SOLD_OUT", "none is left"), undefined],
    "for which the server is to blame": [outcomes.error("BROKEN", "it broke"), "INTERNAL"],
    "of another system": [others.error("SOLD_OUT", "none is left"), "FAILED_PRECONDITION"],
  };
  for (const [what, [error, type]] of Object.entries(answers)) {
    for (const [method, call] of Object.entries(KINDS)) {
      it(`calls an outcome ${what} ${type === undefined ? "no" : "an"} error (${method})`, async () => {
        const start = () => {
          throw error;
        };
        const reckoning = clientTelemetryLater({ outcomes });
        const { spans, points } = await record(() =>
          withProbe({ server: [serverHooks({ start })], client: [reckoning] }, (probe) => assert.rejects(call(probe))),
        );
        const code = statusName(error.code);
        const { "error.type": _, ...ended } = rpc(method, code);
        const attributes = { ...ended, ...(type !== undefined && { "error.type": type }) };
        const status =
          type === undefined ? { code: "UNSET", message: "" } : { code: "ERROR", message: error.rawMessage };
        assert.deepEqual(
          spans.map(summaryOf).map((span) => [span.attributes, span.status]),
          [[attributes, status]],
        );
        assert.deepEqual(pointsOf(points, "rpc.client.call.duration"), [{ attributes, n: 1 }]);
      });
    }
  }

  for (const method of ["Unary", "ServerStream"] as const) {
    it(`ends the span of a ${method} call that it cancels`, async () => {
      const { spans } = await recordProbe(async ({ client }) => {
        const options = { signal: AbortSignal.timeout(20) };
        const request = { payload: { text: "wait", n: 1 } };
        const call =
          method === "Unary" ? client.unary(request, options) : collect(client.serverStream(request, options));
        await assert.rejects(call, { code: Code.Canceled });
      });
      assert.deepEqual(
        spans.map((s) => s.attributes),
        [rpc(method, "CANCELLED")],
      );
    });

    it(`ends the span of a ${method} call at its deadline`, async () => {
      const { spans } = await recordProbe(async ({ client }) => {
        const options = { timeoutMs: 20 };
        const request = { payload: { text: "wait", n: 1 } };
        const call =
          method === "Unary" ? client.unary(request, options) : collect(client.serverStream(request, options));
        await assert.rejects(call, { code: Code.DeadlineExceeded });
      });
      assert.deepEqual(
        spans.map((s) => s.attributes),
        [rpc(method, "DEADLINE_EXCEEDED")],
      );
    });
  }

  it("sees a peer that is away", async () => {
    const { spans } = await record(async () => {
      const transport = createGrpcTransport({ target: "127.0.0.1:1", interceptors: client });
      await assert.rejects(createClient(ProbeService, transport).unary({}), { code: Code.Unavailable });
      transport.close();
    });
    assert.deepEqual(
      spans.map((s) => s.attributes),
      [rpc("Unary", "UNAVAILABLE")],
    );
  });

  it("passes trace and baggage on in the headers, and leaves those of the caller", async () => {
    const sent: (string | null)[][] = [];
    const watched: Interceptor = (next) => (req) => {
      sent.push(["traceparent", "baggage", "x-in"].map((name) => req.header.get(name)));
      return next(req);
    };
    const { spans } = await record(() =>
      withProbe({ client: [...client, watched] }, (probe) => {
        const baggage = propagation.createBaggage({ tenant: { value: "a" } });
        const caller = propagation.setBaggage(context.active(), baggage);
        return context.with(caller, () => probe.client.unary({}, { headers: { "x-in": "v" } }));
      }),
    );
    assert.deepEqual(sent, [[`00-${spans[0]?.traceId}-${spans[0]?.spanId}-01`, "tenant=a", "v"]]);
  });

  it("names the peer by URL or target", () => {
    const named = (peer: string) => Object.values(serverAttributes(peer));
    assert.deepEqual(named("http://user-service:8081"), ["user-service", 8081]);
    assert.deepEqual(named("http://user-service:8081/"), ["user-service", 8081]);
    assert.deepEqual(named("dns:///user-service:8081"), ["user-service", 8081]);
    assert.deepEqual(named("dns://8.8.8.8/user-service:8081"), ["user-service", 8081]);
    assert.deepEqual(named("dns:user-service:8081"), ["user-service", 8081]);
    assert.deepEqual(named("user-service:8081"), ["user-service", 8081]);
    assert.deepEqual(named("http://user-service"), ["user-service"]);
    assert.deepEqual(named("xds:///user-service"), ["user-service"]);
    assert.deepEqual(named("xds:///user-service:8081"), ["user-service", 8081]);
    assert.deepEqual(named("unix:/run/user.sock"), ["/run/user.sock"]);
    assert.deepEqual(named("unix:///run/user.sock"), ["/run/user.sock"]);
    assert.deepEqual(named("ipv4:10.0.0.1:80,10.0.0.2:80"), ["10.0.0.1:80,10.0.0.2:80"]);
    assert.deepEqual(named("ipv6:[::1]:8081"), ["[::1]", 8081]);
  });
});
