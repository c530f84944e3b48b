import { metrics } from "@opentelemetry/api";
import { OTLPMetricExporter as JsonMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { delivering } from "./delivering.ts";
import type { Delivery } from "./delivery.ts";
import { exportTimeoutFromEnv, metricsAreJson, positiveFromEnv } from "./env.ts";
import { addExemplars, withExemplars } from "./exemplar-export.ts";
import { addExemplarsToJson } from "./exemplar-json.ts";
import type { ExportHealth } from "./export-health.ts";
import { Instruments, registerInstruments } from "./instruments.ts";

export type MetricsOptions = {
  readonly resource: Resource;
  /** Time between exports, unless OTEL_METRIC_EXPORT_INTERVAL is set. */
  readonly intervalMs: number;
  readonly health: ExportHealth;
};

export type Metrics = {
  readonly delivery: Delivery;
  shutdown(): Promise<void>;
  /** New instruments are no longer ours. */
  unregister(): void;
};

/** Registers the global meter provider. */
export function startMetrics({ resource, intervalMs, health }: MetricsOptions): Metrics {
  const exportIntervalMillis = positiveFromEnv("OTEL_METRIC_EXPORT_INTERVAL", intervalMs);
  // Shorter than the interval, so that the exporter times out before the reader does: its error says more.
  const timeoutMillis = Math.min(exportTimeoutFromEnv("METRICS"), exportIntervalMillis * 0.9);
  const delivery = health.open("metrics", Number.POSITIVE_INFINITY);
  const exporter = metricsAreJson()
    ? withExemplars(new JsonMetricExporter({ timeoutMillis }), addExemplarsToJson)
    : withExemplars(new OTLPMetricExporter({ timeoutMillis }), addExemplars);
  const instruments = new Instruments({ resource, temporality: (type) => exporter.selectAggregationTemporality(type) });
  const reader = new PeriodicExportingMetricReader({
    exporter: delivering(exporter, { delivery, health, count: pointsIn }),
    exportIntervalMillis,
    exportTimeoutMillis: exportIntervalMillis,
    metricProducers: [instruments],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return { delivery, unregister: registerInstruments(instruments), shutdown: () => provider.shutdown() };
}

function pointsIn({ scopeMetrics }: ResourceMetrics): number {
  return scopeMetrics.flatMap(({ metrics }) => metrics).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
}
