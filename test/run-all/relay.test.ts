// What run-all gives on to its dashboard: whole traces, and how long each route takes.
import assert from "node:assert/strict";
import { ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { startRelay } from "../../tools/run-all/relay/relay.ts";
import { type HistogramPoint, type Metric, withRouteDurations } from "../../tools/run-all/relay/route-durations.ts";
import { WholeTraces } from "../../tools/run-all/relay/whole-traces.ts";
import { eventually } from "../support/eventually.ts";
import { readSpans } from "../telemetry/support/otlp.ts";
import { startOtlpBackend } from "../telemetry/support/otlp-backend.ts";

/** A service that makes spans, and exports those that have ended since the last time. */
function service(name: string) {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": name }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("relay-test", "1.2");
  return {
    start: (span: string, parent?: Span) =>
      tracer.startSpan(span, { attributes: { n: 1 } }, parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT),
    exported(): Uint8Array {
      const body = ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans());
      exporter.reset();
      assert.ok(body !== undefined);
      return body;
    },
  };
}

/** A trace of two services, and another one that only the second has a part of. */
function twoTraces() {
  const [gateway, order] = [service("gateway"), service("order")];
  const root = gateway.start("root");
  const inner = order.start("inner", root);
  order.start("innermost", inner).end();
  inner.end();
  const other = order.start("other");
  other.end();
  root.end();
  return { gateway, order, root, other };
}

const names = (exported: Uint8Array) =>
  readSpans(exported).map(({ name, resource }) => [resource["service.name"], name]);

describe("whole traces", () => {
  it("are given on together, the root first, with all that their spans say", async () => {
    const { gateway, order, root } = twoTraces();
    const [late, early] = [gateway.exported(), order.exported()];
    const sent: Uint8Array[] = [];
    const traces = new WholeTraces(async (exported) => void sent.push(exported), { withRoot: 1, withoutRoot: 60_000 });
    traces.add(early);
    traces.add(late);
    await eventually(() => assert.equal(sent.length, 1));
    await traces.close();
    assert.equal(sent.length, 1);
    const ofTrace = readSpans(sent[0]!).filter(({ traceId }) => traceId === root.spanContext().traceId);
    assert.deepEqual(
      ofTrace.map(({ resource, name }) => [resource["service.name"], name]),
      [
        ["gateway", "root"],
        ["order", "innermost"],
        ["order", "inner"],
      ],
    );
    const bySpan = (a: { spanId: string }, b: { spanId: string }) => a.spanId.localeCompare(b.spanId);
    const original = [...readSpans(late), ...readSpans(early)].toSorted(bySpan);
    assert.deepEqual(readSpans(sent[0]!).toSorted(bySpan), original);
  });

  it("wait for their root, for a while", async () => {
    const { gateway, order } = twoTraces();
    const sent: Uint8Array[] = [];
    const traces = new WholeTraces(async (exported) => void sent.push(exported), { withRoot: 1, withoutRoot: 60_000 });
    traces.add(order.exported());
    await eventually(() => assert.deepEqual(sent.flatMap(names), [["order", "other"]]));
    traces.add(gateway.exported());
    await eventually(() => assert.equal(sent.length, 2));
    assert.deepEqual(names(sent[1]!).length, 3);
    await traces.close();
  });

  it("are given on without a root when none comes", async () => {
    const { order } = twoTraces();
    const sent: Uint8Array[] = [];
    const traces = new WholeTraces(async (exported) => void sent.push(exported), { withRoot: 1, withoutRoot: 1 });
    traces.add(order.exported());
    await eventually(() => assert.equal(sent.flatMap(names).length, 3));
    await traces.close();
  });
});

describe("a trace of which spans come again and again", () => {
  it("is not held for ever", async () => {
    const sent: Uint8Array[] = [];
    const traces = new WholeTraces(async (exported) => void sent.push(exported), { withoutRoot: 60_000, atMost: 300 });
    const { order } = twoTraces();
    const part = order.exported();
    await eventually(() => {
      traces.add(part);
      assert.ok(sent.length > 0);
    });
    await traces.close();
  });
});

describe("the relay", () => {
  it("gives on all that it has at the end", async () => {
    const backend = await startOtlpBackend();
    const relay = await startRelay(backend.url);
    const { gateway, order } = twoTraces();
    for (const body of [order.exported(), gateway.exported()]) {
      const headers = { "content-type": "application/x-protobuf" };
      assert.equal((await fetch(relay.tracesUrl, { method: "POST", headers, body })).status, 200);
    }
    await relay.close();
    assert.deepEqual(backend.spans.map(({ name }) => name).sort(), ["inner", "innermost", "other", "root"]);
    await backend.close();
  });

  it("says that metrics could not be given on", async () => {
    const backend = await startOtlpBackend();
    const relay = await startRelay(backend.url);
    const send = () => fetch(relay.metricsUrl, { method: "POST", body: JSON.stringify({ resourceMetrics: [] }) });
    assert.equal((await send()).status, 200);
    backend.mode = "be unavailable";
    assert.equal((await send()).status, 503);
    await relay.close();
    await backend.close();
  });
});

describe("the durations of routes", () => {
  const point = (attributes: Record<string, string>, counts: number[], sum: number): HistogramPoint => ({
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
    startTimeUnixNano: "1",
    timeUnixNano: "2",
    count: counts.reduce((a, b) => a + b),
    sum,
    bucketCounts: counts.map(String),
    explicitBounds: [0.1, 0.5],
  });
  const histogram = (name: string, ...dataPoints: HistogramPoint[]): Metric => ({
    name,
    unit: "s",
    histogram: { aggregationTemporality: 2, dataPoints },
  });
  const http = (route: string, status: string, counts: number[], sum: number) =>
    point({ "http.request.method": "GET", "http.route": route, "http.response.status_code": status }, counts, sum);
  const added = (...metrics: Metric[]) => {
    const attributes = ["service.name", "service.instance.id"].map((key) => ({ key, value: { stringValue: key } }));
    const exported = { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] };
    const { resourceMetrics } = withRouteDurations(exported);
    assert.deepEqual(resourceMetrics[0], exported.resourceMetrics[0]);
    return resourceMetrics.slice(1);
  };

  it("are told in milliseconds, one series each, whatever the answers and the process", () => {
    const [told, ...others] = added(
      histogram(
        "http.server.request.duration",
        http("/api/a", "200", [1, 2, 3], 2),
        http("/api/a", "503", [0, 1, 0], 0.25),
        http("/api/b", "200", [1, 0, 0], 0.05),
        http("/health", "200", [9, 0, 0], 0.1),
      ),
    );
    assert.deepEqual(others, []);
    assert.deepEqual(
      told?.resource?.attributes.map(({ key }) => key),
      ["service.name"],
    );
    const metrics = told?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    assert.deepEqual(
      metrics.map(({ name, unit }) => [name, unit]),
      [
        ["duration of GET /api/a", "ms"],
        ["duration of GET /api/b", "ms"],
      ],
    );
    const { count, sum, bucketCounts, explicitBounds, attributes } = metrics[0]!.histogram!.dataPoints[0]!;
    assert.deepEqual([count, sum, bucketCounts, explicitBounds], [7, 2250, [1, 3, 3], [100, 500]]);
    assert.deepEqual(attributes, []);
    assert.deepEqual(metrics[1]!.histogram!.dataPoints[0]!.attributes, []);
  });

  it("are told of the contract's methods, and of no others", () => {
    const rpc = (method: string) => point({ "rpc.method": method }, [1, 0, 0], 0.01);
    const [told] = added(
      histogram(
        "rpc.server.call.duration",
        rpc("shop.user.v1.UserService/GetUser"),
        rpc("grpc.health.v1.Health/Check"),
        rpc("_OTHER"),
      ),
    );
    const metrics = told?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    assert.deepEqual(
      metrics.map(({ name }) => name),
      ["duration of shop.user.v1.UserService/GetUser"],
    );
  });

  it("are not told of what has none", () => {
    assert.deepEqual(added({ name: "nodejs.eventloop.utilization" }, histogram("db.client.operation.duration")), []);
  });
});
