// Which traces two replicas of the collector keep, of which each gets a part of every trace: mocha test/collector/sampling.ts.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../tools/test-servers/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { type OtlpBackend, startOtlpBackend } from "../telemetry/support/otlp-backend.ts";
import { type Collector, startCollector } from "./collector.ts";

const ARRIVAL = { timeoutMs: 20_000 };
const KEPT_PERCENT = 20;
const PLAIN = 500;
const MS = 1_000_000n;

type Special = "plain" | "failed" | "slow" | "repeated";

type Trace = ReturnType<typeof traceOf>;

/** A trace of two services; what is special about it is in the second one's span. */
function traceOf(special: Special, [first, second] = ["first", "second"]) {
  const traceId = randomBytes(16).toString("hex");
  const [caller, callee] = [randomBytes(8).toString("hex"), randomBytes(8).toString("hex")];
  const begun = BigInt(Date.now()) * MS;
  const ended = begun + (special === "slow" ? 1500n : 5n) * MS;
  const span = { traceId, startTimeUnixNano: String(begun), endTimeUnixNano: String(ended) };
  const repeated = { key: "tracemesh.rpc.previous_attempts", value: { intValue: "1" } };
  return {
    traceId,
    first: resourceSpans(first!, { ...span, spanId: caller, name: "call", kind: 3 }),
    second: resourceSpans(second!, {
      ...span,
      spanId: callee,
      parentSpanId: caller,
      name: "serve",
      kind: 2,
      status: special === "failed" ? { code: 2 } : {},
      attributes: special === "repeated" ? [repeated] : [],
    }),
  };
}

function resourceSpans(service: string, span: object) {
  const attributes = [{ key: "service.name", value: { stringValue: service } }];
  return { resource: { attributes }, scopeSpans: [{ spans: [span] }] };
}

async function send({ url }: Collector, parts: readonly object[]): Promise<void> {
  const response = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: parts }),
  });
  assert.equal(response.status, 200);
}

describe("traces at two replicas of the collector", function () {
  this.timeout(60_000);
  const cleanup = new AsyncDisposableStack();
  let backend: OtlpBackend;
  let replicas: readonly [Collector, Collector];

  before(async function () {
    this.timeout(1_200_000); // the first time on a machine
    backend = await startOtlpBackend();
    cleanup.defer(() => backend.close());
    const [a, b] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`] as const;
    const env = {
      TRACES_ENDPOINT: backend.url,
      KEPT_PERCENT: String(KEPT_PERCENT),
      FLUSH_INTERVAL: "1s",
      DECISION_WAIT: "3s",
    };
    replicas = [await startCollector(env, { peers: [a, b] }), await startCollector(env, { peers: [b, a] })];
    for (const replica of replicas) cleanup.defer(() => replica.stop());
    // Until each has reached the other: what waits for that comes too late to be decided upon.
    await eventually(
      async () => {
        const probes = Array.from({ length: 10 }, () => traceOf("failed", ["probe", "probed"]));
        await sendAll(probes);
        await eventually(() => assert.ok(probes.every(({ traceId }) => spansOf(traceId) === 2)), { timeoutMs: 6000 });
      },
      { timeoutMs: 40_000 },
    );
  });
  after(() => cleanup.disposeAsync());

  const spansOf = (traceId: string) => backend.spans.filter((span) => span.traceId === traceId).length;

  /** One part of each trace to each replica. */
  async function sendAll(traces: readonly Trace[]): Promise<void> {
    await send(
      replicas[0],
      traces.map(({ first }) => first),
    );
    await send(
      replicas[1],
      traces.map(({ second }) => second),
    );
  }

  /** How many calls from the first service to the second both have drawn in their graphs. */
  async function calls(): Promise<number> {
    const graphs = await Promise.all(replicas.map((replica) => replica.metrics()));
    const counts = graphs.flatMap((text) => [
      ...text.matchAll(/^traces_service_graph_request_total\{client="first".*\} ([\d.]+)/gm),
    ]);
    return counts.reduce((sum, match) => sum + Number(match[1]), 0);
  }

  it("are kept whole: all that are special, and a share of the others", async () => {
    const specials = (["failed", "slow", "repeated"] as const).flatMap((special) =>
      Array.from({ length: 20 }, () => traceOf(special)),
    );
    const plain = Array.from({ length: PLAIN }, () => traceOf("plain"));
    const all = [...specials, ...plain];
    await sendAll(all);
    await eventually(() => {
      for (const { traceId } of specials) assert.equal(spansOf(traceId), 2);
      const kept = plain.filter(({ traceId }) => spansOf(traceId) > 0);
      for (const { traceId } of kept) assert.equal(spansOf(traceId), 2);
      assert.ok(Math.abs(kept.length / PLAIN - KEPT_PERCENT / 100) < 0.1, `${kept.length} of ${PLAIN}`);
    }, ARRIVAL);
    await eventually(async () => {
      assert.equal(await calls(), all.length);
    }, ARRIVAL);
  });

  it("and the replicas tell of themselves", async () => {
    for (const replica of replicas) {
      const own = await replica.ownMetrics();
      assert.match(own, /^otelcol_exporter_sent_spans.*\botlp_http\/jaeger\b/m);
      assert.match(own, /^otelcol_processor_tail_sampling_/m);
    }
  });
});

describe("traces whose backend is away", function () {
  this.timeout(60_000);

  it("wait for it, also while the collector is started anew", async () => {
    await using cleanup = new AsyncDisposableStack();
    const backend = await startOtlpBackend();
    cleanup.defer(() => backend.close());
    const queue = await mkdtemp(join(tmpdir(), "collector-queue-"));
    cleanup.defer(() => rm(queue, { recursive: true }));
    const env = { TRACES_ENDPOINT: backend.url, KEPT_PERCENT: "100" };
    backend.mode = "be unavailable";
    const first = await startCollector(env, { queue });
    const traces = Array.from({ length: 10 }, () => traceOf("plain"));
    await send(
      first,
      traces.flatMap((trace) => [trace.first, trace.second]),
    );
    await eventually(() => assert.ok(backend.turnedAway > 0), ARRIVAL).finally(() => first.stop());
    backend.mode = "accept";
    const second = await startCollector(env, { queue });
    cleanup.defer(() => second.stop());
    await eventually(() => assert.equal(backend.spans.length, 2 * traces.length), ARRIVAL);
  });
});
