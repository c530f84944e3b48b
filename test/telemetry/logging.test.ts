import assert from "node:assert/strict";
import { once } from "node:events";
import { createClient } from "@connectrpc/connect";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { serverInterceptors } from "../../src/rpc/interceptors/server.ts";
import { createHealth } from "../../src/rpc/server/health.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import type { TelemetryOptions } from "../../src/telemetry/telemetry.ts";
import { ProbeService } from "../support/probe.ts";
import type { ProbeClient } from "../support/probe-client.ts";
import { testOutcomes } from "../support/test-outcomes.ts";
import { collect } from "./support/probe-call.ts";
import { record } from "./support/recording.ts";

/** What the handlers throw, by the text of the request. */
const OUTCOMES: Record<string, () => Error> = {
  declined: () => testOutcomes.error("CARD_DECLINED", "the card was declined"),
  away: () => testOutcomes.error("DEPENDENCY_UNAVAILABLE", "users is unavailable", {}, new Error("connection refused")),
  crash: () => new Error("disk full", { cause: new Error("ENOSPC") }),
};

const probe = service(ProbeService, {
  unary({ payload }) {
    const outcome = OUTCOMES[payload?.text ?? ""];
    if (outcome !== undefined) throw outcome();
    return {};
  },
  async *serverStream({ payload }, { signal }) {
    yield {};
    if (payload?.text === "wait") await once(signal, "abort");
    const outcome = OUTCOMES[payload?.text ?? ""];
    if (outcome !== undefined) throw outcome();
  },
});

async function recordCalls(
  act: (client: ProbeClient, health: ReturnType<typeof createClient<typeof Health>>) => Promise<unknown>,
  options: Partial<TelemetryOptions> = {},
) {
  return record(async ({ telemetry: { logger } }) => {
    const interceptors = serverInterceptors({ serviceName: "probe", logger });
    const server = createRpcServer({ services: [probe, createHealth([ProbeService]).service], interceptors });
    const channelOptions = { "grpc.primary_user_agent": "tester/1" };
    const transport = createGrpcTransport({ target: `127.0.0.1:${await server.listen()}`, channelOptions });
    try {
      await act(createClient(ProbeService, transport), createClient(Health, transport));
    } finally {
      transport.close();
      await server.close();
    }
  }, options);
}

const PEER = /^tester\/1 grpc-node-http2\//;

describe("the log of a server", () => {
  it("has one line for a call, on the console and exported, with the ids of its span", async () => {
    const { logs, spans, console } = await recordCalls((client) => client.unary({}));
    const [span] = spans;
    assert.equal(console.length, 1);
    const { timestamp, duration_ms, peer, ...line } = JSON.parse(console[0]!);
    assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok(duration_ms >= 0 && duration_ms < 1000);
    assert.match(peer, PEER);
    const method = "probe.v1.ProbeService/Unary";
    assert.deepEqual(line, {
      ...{ level: "info", service: "probe", message: `${method} OK`, method, code: "OK" },
      ...{ trace_id: span?.traceId, span_id: span?.spanId },
    });
    assert.equal(logs.length, 1);
    const { body, severity, severityNumber, traceId, spanId, attributes } = logs[0]!;
    assert.deepEqual(
      { body, severity, severityNumber, traceId, spanId, attributes },
      {
        ...{ body: `${method} OK`, severity: "info", severityNumber: 9, traceId: span?.traceId, spanId: span?.spanId },
        attributes: { method, code: "OK", duration_ms, peer },
      },
    );
  });

  it("tells outcomes of the domain with their reason, as info", async () => {
    const { logs } = await recordCalls((client) => assert.rejects(client.unary({ payload: { text: "declined" } })));
    const { duration_ms, peer, ...attributes } = logs[0]!.attributes;
    assert.deepEqual([logs.length, logs[0]?.severity], [1, "info"]);
    assert.deepEqual(attributes, {
      ...{ method: "probe.v1.ProbeService/Unary", code: "FAILED_PRECONDITION" },
      ...{ reason: "CARD_DECLINED", detail: "the card was declined" },
    });
  });

  it("warns of what is away, with the cause", async () => {
    const { logs } = await recordCalls((client) => assert.rejects(client.unary({ payload: { text: "away" } })));
    assert.deepEqual([logs.length, logs[0]?.severity, logs[0]?.severityNumber], [1, "warn", 13]);
    assert.equal(logs[0]?.attributes.reason, "DEPENDENCY_UNAVAILABLE");
    assert.equal(logs[0]?.attributes["exception.message"], "connection refused");
  });

  for (const method of ["Unary", "ServerStream"] as const) {
    it(`tells of a bug once, as error, with the stacks that the client does not get to see (${method})`, async () => {
      const { logs, spans, console } = await recordCalls(async (client) => {
        const request = { payload: { text: "crash" } };
        const call = method === "Unary" ? client.unary(request) : collect(client.serverStream(request));
        await assert.rejects(call, { rawMessage: "internal error" });
      });
      assert.deepEqual([logs.length, logs[0]?.severity, logs[0]?.severityNumber], [1, "error", 17]);
      assert.deepEqual([logs[0]?.traceId, logs[0]?.spanId], [spans[0]?.traceId, spans[0]?.spanId]);
      const { code, detail, ...attributes } = logs[0]!.attributes;
      assert.deepEqual([code, detail], ["INTERNAL", "internal error"]);
      assert.equal(attributes["exception.type"], "Error");
      assert.equal(attributes["exception.message"], "disk full");
      assert.match(String(attributes["exception.stacktrace"]), /^Error: disk full\n {4}at .*logging\.test\.ts/);
      const { error } = JSON.parse(console[0]!);
      assert.match(error.stack, /^Error: disk full\n/);
      assert.match(error.cause.stack, /^Error: ENOSPC\n/);
    });
  }

  it("has the ids of the span in the line of a stream that its client abandons", async () => {
    const { logs, spans } = await recordCalls(async (client) => {
      const cancel = new AbortController();
      const stream = client.serverStream({ payload: { text: "wait" } }, { signal: cancel.signal });
      await assert.rejects(async () => {
        for await (const _ of stream) cancel.abort();
      });
    });
    assert.equal(logs.length, 1);
    assert.equal(logs[0]?.attributes.code, "CANCELLED");
    assert.deepEqual([logs[0]?.traceId, logs[0]?.spanId], [spans[0]?.traceId, spans[0]?.spanId]);
  });

  it("has health checks at debug only", async () => {
    const check = (_: ProbeClient, health: { check(request: object): Promise<unknown> }) => health.check({});
    assert.deepEqual((await recordCalls(check)).logs, []);
    const { logs } = await recordCalls(check, { logLevel: "debug" });
    assert.deepEqual(
      logs.map(({ body, severity, severityNumber }) => [body, severity, severityNumber]),
      [["grpc.health.v1.Health/Check OK", "debug", 5]],
    );
  });

  it("is silent below its level", async () => {
    const { logs, console } = await recordCalls((client) => client.unary({}), { logLevel: "warn" });
    assert.deepEqual([logs, console], [[], []]);
  });
});
