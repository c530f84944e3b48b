// A shop that sends its telemetry to the real collector, which a real Prometheus reads.
import { type ShopProcesses, startShopProcesses } from "../support/shop-processes.ts";
import { startOtlpBackend } from "../telemetry/support/otlp-backend.ts";
import { startCollector } from "./collector.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";

export type WatchedShop = {
  readonly shop: ShopProcesses;
  readonly prometheus: Prometheus;
  close(): Promise<void>;
};

/** `env` is what each role has beside what it needs, `collectorEnv` what the collector has. */
export async function startWatchedShop(
  env: NodeJS.ProcessEnv = {},
  collectorEnv: NodeJS.ProcessEnv = {},
): Promise<WatchedShop> {
  await using started = new AsyncDisposableStack();
  const jaeger = await startOtlpBackend();
  started.defer(() => jaeger.close());
  const collector = await startCollector({ TRACES_ENDPOINT: jaeger.url, ...collectorEnv });
  started.defer(() => collector.stop());
  const shop = await startShopProcesses({
    env: {
      OTEL_SDK_DISABLED: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_METRIC_EXPORT_INTERVAL: "500",
      ...env,
    },
    keep: () => false,
  });
  started.defer(() => shop.close());
  const prometheus = await startPrometheus(collector);
  started.defer(() => prometheus.stop());
  const running = started.move();
  return { shop, prometheus, close: () => running.disposeAsync() };
}
