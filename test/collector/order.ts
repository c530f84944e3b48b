// What becomes of an order's telemetry in the collector: mocha test/collector/order.ts. Not among the quick tests: it builds the collector.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { ORDER_SERVICES, placeOrder, traceIdOf } from "../support/orders.ts";
import { type ShopProcesses, startShopProcesses } from "../support/shop-processes.ts";
import { type OtlpBackend, startOtlpBackend } from "../telemetry/support/otlp-backend.ts";
import { collectorProgram } from "./build.ts";
import { type Collector, startCollector } from "./collector.ts";

const ARRIVAL = { timeoutMs: 20_000 };

describe("telemetry of an order, through the collector", function () {
  this.timeout(60_000);
  let folder: string;
  let jaeger: OtlpBackend;
  let collector: Collector;
  let shop: ShopProcesses;
  let gateway: string;
  let traceId: string;

  before(async function () {
    this.timeout(1_200_000); // the first time on a machine
    collectorProgram();
    folder = await mkdtemp(join(tmpdir(), "collector-"));
    jaeger = await startOtlpBackend();
    collector = await startCollector({ TRACES_ENDPOINT: jaeger.url, FLUSH_INTERVAL: "2s", KEPT_PERCENT: "100" });
    const env = {
      OTEL_SDK_DISABLED: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER_ARG: "1",
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_RESOURCE_ATTRIBUTES: "k8s.pod.uid=uid-of-the-pod",
    };
    shop = await startShopProcesses({ folder, env });
    gateway = shop.url("gateway");
    traceId = await tracedOrder(gateway);
  });

  after(async () => {
    await shop?.close();
    await collector?.stop();
    await jaeger?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("is one trace at Jaeger, of all services on its way, which still says what each says of itself", async () => {
    await eventually(() => {
      const spans = jaeger.spans.filter((span) => span.traceId === traceId);
      const services = new Set(spans.map((span) => span.resource["service.name"]));
      assert.deepEqual([...services].sort(), ORDER_SERVICES);
      const ids = new Set(spans.map((span) => span.spanId));
      const roots = spans.filter((span) => !ids.has(span.parentSpanId));
      assert.deepEqual(
        roots.map((span) => [span.name, span.kind]),
        [["POST /api/orders", "SERVER"]],
      );
      assert.deepEqual(new Set(spans.map((span) => span.resource["k8s.pod.uid"])), new Set(["uid-of-the-pod"]));
    }, ARRIVAL);
  });

  it("is counted by the services, in metrics that Prometheus reads", async () => {
    await eventually(async () => {
      const metrics = await collector.metrics();
      const label = 'endpoint="shop.order.v1.OrderService/CreateOrder"';
      assert.deepEqual(valuesOf(metrics, "order_service_requests_total", label), [1]);
      assert.deepEqual(
        valuesOf(metrics, "rpc_server_call_duration_seconds_count", 'job="tracemesh/payment-service"'),
        [1],
      );
    }, ARRIVAL);
  });

  it("draws who called whom", async () => {
    await eventually(async () => {
      const samples = (await collector.metrics())
        .split("\n")
        .filter((line) => line.startsWith("traces_service_graph_request_total{"));
      const label = (line: string, name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(line)?.[1] ?? "";
      const edges = samples.map((line) => [label(line, "client"), label(line, "server")] as const);
      const between = edges.filter((names) => names.every((name) => ORDER_SERVICES.includes(name)));
      assert.deepEqual(between.map((names) => names.join(" -> ")).sort(), [
        "api-gateway -> order-service",
        "order-service -> payment-service",
        "order-service -> user-service",
      ]);
    }, ARRIVAL);
  });

  it("is told in log records of the same trace", async () => {
    await eventually(() => {
      const told = collector.lines.filter((line) => line.startsWith("order changed "));
      assert.deepEqual(
        told.map((line) => /\border_state=(\S+)/.exec(line)?.[1]),
        ["pending", "paid"],
      );
      for (const line of told)
        assert.ok(line.includes(`trace_id=${traceId} `) && line.includes("service.name=order-service"), line);
    }, ARRIVAL);
  });

  it("leads from a bar of a histogram to a trace", async () => {
    // Exemplars are gone with the next export, so for this there is an order of its own.
    const ofThis = new RegExp(
      `^rpc_server_call_duration_seconds_bucket\\{.*trace_id="${await tracedOrder(gateway)}"`,
      "m",
    );
    await eventually(async () => assert.ok(ofThis.test(await collector.metrics())), ARRIVAL);
  });
});

/** Places README's order; gives the id of its trace. */
async function tracedOrder(gateway: string): Promise<string> {
  const response = await placeOrder(gateway);
  assert.equal(response.status, 200);
  return traceIdOf(response);
}

/** The values of the samples of a metric whose labels contain all these texts. */
function valuesOf(metrics: string, name: string, ...labels: readonly string[]): number[] {
  const samples = metrics
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) && labels.every((l) => line.includes(l)));
  return samples.map((line) => Number(/\} ([\d.]+)/.exec(line)?.[1]));
}
