// Where an order's telemetry can be found: sent through the collector, kept by a real Jaeger, Prometheus and VictoriaLogs, each as compose.yaml and
// k8s/ configure it: mocha test/collector/order.ts. Not among the quick tests: it builds them.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { goTool } from "../../tools/go-tools.ts";
import { eventually } from "../support/eventually.ts";
import { ORDER_SERVICES, placeOrder, traceIdOf } from "../support/orders.ts";
import { startShopProcesses } from "../support/shop-processes.ts";
import { collectorProgram } from "./build.ts";
import { type Collector, startCollector } from "./collector.ts";
import { type Jaeger, startJaeger } from "./jaeger.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";
import { startVictoriaLogs, type VictoriaLogs } from "./victoria-logs.ts";

const OBSERVABILITY = resolve(import.meta.dirname, "../../observability");
const ARRIVAL = { timeoutMs: 20_000 };

describe("telemetry of an order, through the collector", function () {
  this.timeout(60_000);
  const cleanup = new AsyncDisposableStack();
  let jaeger: Jaeger;
  let logs: VictoriaLogs;
  let collector: Collector;
  let prometheus: Prometheus;
  let gateway: string;
  let traceId: string;

  before(async function () {
    this.timeout(1_200_000); // the first time on a machine
    collectorProgram();
    goTool("jaeger");
    goTool("victoria-logs");
    const folder = await mkdtemp(join(tmpdir(), "collector-"));
    cleanup.defer(() => rm(folder, { recursive: true, force: true }));
    jaeger = await startJaeger();
    cleanup.defer(() => jaeger.stop());
    logs = await startVictoriaLogs();
    cleanup.defer(() => logs.stop());
    collector = await startCollector({
      TRACES_ENDPOINT: jaeger.url,
      LOGS_ENDPOINT: logs.url,
      FLUSH_INTERVAL: "2s",
      KEPT_PERCENT: "100",
    });
    cleanup.defer(() => collector.stop());
    prometheus = await startPrometheus(collector);
    cleanup.defer(() => prometheus.stop());
    const env = {
      OTEL_SDK_DISABLED: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER_ARG: "1",
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_RESOURCE_ATTRIBUTES: "k8s.pod.uid=uid-of-the-pod",
    };
    const shop = await startShopProcesses({ folder, env });
    cleanup.defer(() => shop.close());
    gateway = shop.url("gateway");
    traceId = await tracedOrder(gateway);
  });

  after(() => cleanup.disposeAsync());

  it("is one trace at Jaeger, of all services on its way, which still says what each says of itself", async () => {
    await eventually(async () => {
      const spans = await jaeger.trace(traceId);
      assert.deepEqual([...new Set(spans.map(({ service }) => service))].sort(), ORDER_SERVICES);
      const roots = spans.filter(({ isRoot }) => isRoot);
      assert.deepEqual(
        roots.map(({ service, name }) => `${service}: ${name}`),
        ["api-gateway: POST /api/orders"],
      );
      assert.deepEqual(new Set(spans.map(({ resource }) => resource["k8s.pod.uid"])), new Set(["uid-of-the-pod"]));
    }, ARRIVAL);
  });

  it("is counted by the services, as Prometheus tells", async () => {
    const values = async (query: string) => (await prometheus.query(query)).map(({ value }) => value);
    await eventually(async () => {
      const label = 'endpoint="shop.order.v1.OrderService/CreateOrder"';
      assert.deepEqual(await values(`order_service_requests_total{${label}}`), [1]);
      const calls = 'sum by (job) (rpc_server_call_duration_seconds_count{job="tracemesh/payment-service"})';
      assert.deepEqual(await values(calls), [1]);
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

  it("is told in log records, which are found by its trace", async () => {
    await eventually(async () => {
      const records = await logs.query(`trace_id:="${traceId}"`);
      const told = records.filter(({ _msg }) => _msg === "order changed");
      assert.deepEqual(
        told.map((record) => [record["service.name"], record.order_state, record.severity_text]),
        [
          ["order-service", "pending", "info"],
          ["order-service", "paid", "info"],
        ],
      );
      assert.ok(told.every(({ span_id }) => /^[0-9a-f]{16}$/.test(span_id ?? "")));
      const lines = records.filter(({ duration_ms }) => duration_ms !== undefined);
      assert.deepEqual(lines.map((record) => record["service.name"]).sort(), ORDER_SERVICES);
    }, ARRIVAL);
  });

  it("leads from its trace to them, at Jaeger and in Grafana", async () => {
    for (const [where, query] of Object.entries(await queriesOfLinks(traceId))) {
      const found = await logs.query(query);
      assert.ok(found.length > 0 && found.every(({ trace_id }) => trace_id === traceId), `${where}: ${query}`);
    }
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

/** What is asked of VictoriaLogs by who follows the links of a trace. */
async function queriesOfLinks(traceId: string): Promise<Record<string, string>> {
  const [ui, sources] = await Promise.all(
    ["jaeger-ui.json", "grafana/data-sources.yaml"].map((name) => readFile(join(OBSERVABILITY, name), "utf8")),
  );
  const { linkPatterns } = JSON.parse(ui!) as { linkPatterns: [{ url: string }] };
  const { hash } = new URL(linkPatterns[0].url.replace("#{traceID}", traceId));
  const { datasources } = parse(sources!) as { datasources: { jsonData: { tracesToLogsV2?: { query: string } } }[] };
  const query = datasources.map(({ jsonData }) => jsonData.tracesToLogsV2?.query).find((one) => one !== undefined);
  return {
    Jaeger: new URLSearchParams(hash.split("?")[1]).get("query") ?? "",
    Grafana: query?.replace("$${__trace.traceId}", traceId) ?? "",
  };
}

/** Places README's order; gives the id of its trace. */
async function tracedOrder(gateway: string): Promise<string> {
  const response = await placeOrder(gateway);
  assert.equal(response.status, 200);
  return traceIdOf(response);
}
