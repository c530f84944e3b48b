import assert from "node:assert/strict";
import type { Span } from "../../telemetry/support/otlp.ts";
import { countsOf, disagreements, type Evidence, tally } from "../support/evidence.ts";
import { countedStatus } from "../support/judge.ts";
import { serviceOf } from "../support/trees.ts";
import { SERVICES } from "./origin.ts";

/** Metrics that each process has, whatever it is asked. */
const OF_PROCESSES = [
  "nodejs.eventloop.delay.p99",
  "nodejs.eventloop.utilization",
  "otel.sdk.exporter.log.exported",
  "otel.sdk.exporter.metric_data_point.exported",
  "otel.sdk.exporter.span.exported",
  "otel.sdk.processor.log.queue.size",
  "otel.sdk.processor.span.queue.size",
  "process.cpu.time",
  "process.memory.usage",
  "v8js.gc.duration",
  "v8js.memory.heap.used",
];

/** What spans tell and what metrics tell must be the same, to the last count. */
export function describeMetrics(evidence: () => Evidence): void {
  it("counts every request once, under its service's name", () => {
    const { spans, points, sent, sentOf } = evidence();
    const sampled = spans
      .filter(({ kind }) => kind === "SERVER")
      .map((span) => ({ line: `${serviceOf(span)} ${span.name}`, status: countedStatus(span, sentOf(span.traceId)!) }));
    const unsampled = sent.flatMap(({ kind: { unsampled: one } }) =>
      one === undefined ? [] : [{ line: `${one.service} ${one.endpoint}`, status: one.status }],
    );
    const requests = [...sampled, ...unsampled];
    const expected = (some: typeof requests) => tally(some.map(({ line, status }) => `${line} ${status}`));
    const counted = (metric: string): Record<string, number> =>
      Object.assign({}, ...SERVICES.map((name) => countsOf(points, `${name}.${metric}`, ["endpoint", "status"])));
    assert.deepEqual(disagreements(counted("requests.total"), expected(requests)), []);
    assert.deepEqual(disagreements(counted("request.duration"), expected(requests)), []);
    const faults = expected(requests.filter(({ status }) => status >= 500));
    assert.deepEqual(disagreements(counted("errors.total"), faults), []);
  });

  it("times every call and every HTTP request once, by the semantic conventions", () => {
    const { spans, points, sent } = evidence();
    const lineOf = (span: Span, keys: readonly string[]) =>
      [serviceOf(span), ...keys.map((key) => span.attributes[key] ?? "-")].join(" ");
    const compare = (metric: string, kind: string, keys: readonly string[]) => {
      const own = spans.filter((span) => span.kind === kind && keys[0]! in span.attributes);
      const unsampled = sent.flatMap(({ kind: { unsampled: one } }) =>
        one === undefined || metric !== "rpc.server.call.duration" ? [] : [`${one.service} grpc ${one.endpoint} OK -`],
      );
      const expected = tally([...own.map((span) => lineOf(span, keys)), ...unsampled]);
      assert.deepEqual(disagreements(countsOf(points, metric, keys), expected), [], metric);
    };
    const http = ["http.request.method", "http.route", "http.response.status_code", "network.protocol.version"];
    const rpc = ["rpc.system.name", "rpc.method", "rpc.status_code", "error.type"];
    compare("http.server.request.duration", "SERVER", [...http, "url.scheme", "error.type"]);
    compare("rpc.server.call.duration", "SERVER", rpc);
    compare("rpc.client.call.duration", "CLIENT", [...rpc, "server.address", "server.port"]);
  });

  it("times every query at least once: those at the start have no span", () => {
    const { spans, points } = evidence();
    const keys = ["db.operation.name", "db.collection.name"];
    const queries = spans.filter(({ attributes }) => "db.system.name" in attributes);
    const lines = queries.map((span) => [serviceOf(span), ...keys.map((key) => span.attributes[key] ?? "-")].join(" "));
    const counts = countsOf(points, "db.client.operation.duration", keys);
    const missing = Object.entries(tally(lines)).filter(([line, count]) => !((counts[line] ?? 0) >= count));
    assert.deepEqual(missing, []);
  });

  it("has exemplars that lead from histograms to spans", () => {
    const { allPoints, spanOf } = evidence();
    const durations = allPoints.filter(
      ({ metric, count }) => count > 0 && /\.(request|call|operation)\.duration$/.test(metric),
    );
    const led = durations.flatMap(({ metric, exemplars }) => exemplars.map((exemplar) => ({ metric, ...exemplar })));
    const leading = new Set(led.map(({ metric }) => metric));
    const without = durations.filter(({ metric }) => !leading.has(metric));
    assert.deepEqual(tally(without.map(({ metric }) => metric)), {});
    const astray = led.filter(({ spanId, traceId }) => spanOf(spanId)?.traceId !== traceId);
    assert.deepEqual(tally(astray.map(({ metric }) => metric)), {});
  });

  it("has a bounded number of series, whatever clients invent", () => {
    const { points, sent } = evidence();
    // A series for each way to end a request to an endpoint: as many as there are lines in the contract, at most.
    const ways = new Set(sent.map(({ kind }) => `${kind.role} ${kind.version} ${kind.spans[0]}`)).size;
    const series = tally(points.map((point) => `${serviceOf(point)} ${point.metric}`));
    assert.deepEqual(
      Object.entries(series).filter(([, count]) => count > ways),
      [],
    );
    const invented = sent.filter(({ kind }) => kind.spans[0]?.includes("_OTHER"));
    assert.ok(invented.length > 5 * ways);
  });

  it("has no request under way when all are answered", () => {
    const active = evidence().points.filter(({ metric }) => metric === "tracemesh.server.active_requests");
    const asked = evidence().spans.filter(({ kind }) => kind === "SERVER");
    assert.deepEqual(new Set(active.map(serviceOf)), new Set(asked.map(serviceOf)));
    assert.deepEqual(
      active.filter(({ value }) => value !== 0),
      [],
    );
  });

  it("tells of the process, its cache and its telemetry", () => {
    const told = new Set(evidence().points.map((point) => `${serviceOf(point)} ${point.metric}`));
    const missing = SERVICES.flatMap((service) => OF_PROCESSES.map((metric) => `${service} ${metric}`));
    missing.push(
      "user-service tracemesh.cache.lookups",
      "user-service tracemesh.cache.entries",
      "order-service shop.order.unsettled",
      "order-service shop.order.stuck",
    );
    assert.deepEqual(
      missing.filter((line) => !told.has(line)),
      [],
    );
  });

  it("says that nothing was lost on the way", () => {
    const { points, spans, logs } = evidence();
    const sum = (metric: string) =>
      points.filter((point) => point.metric === metric).reduce((total, { value }) => total + value, 0);
    const failed = points.filter(
      ({ metric, attributes, value }) =>
        /^otel\.sdk\..*(exported|processed)$/.test(metric) && "error.type" in attributes && value > 0,
    );
    assert.deepEqual(tally(failed.map(({ metric }) => metric)), {});
    // The last of each process leave after its last metrics.
    for (const [metric, sent] of [
      ["otel.sdk.exporter.span.exported", spans.length],
      ["otel.sdk.exporter.log.exported", logs.length],
    ] as const) {
      assert.ok(sum(metric) > 0 && sum(metric) <= sent, `${metric}: ${sum(metric)}, but ${sent} came`);
    }
  });
}
