import { metrics } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { exportTimeoutFromEnv, positiveFromEnv } from "./env.ts";
import { type ExportHealth, reporting } from "./export-health.ts";

export type MetricsOptions = {
  readonly resource: Resource;
  /** Time between exports, unless OTEL_METRIC_EXPORT_INTERVAL is set. */
  readonly intervalMs: number;
  readonly health: ExportHealth;
};

/** Registers the global meter provider. */
export function startMetrics({ resource, intervalMs, health }: MetricsOptions): MeterProvider {
  const exportIntervalMillis = positiveFromEnv("OTEL_METRIC_EXPORT_INTERVAL", intervalMs);
  // Shorter than the interval, so that the exporter times out before the reader does: its error says more.
  const timeoutMillis = Math.min(exportTimeoutFromEnv("METRICS"), exportIntervalMillis * 0.9);
  const exporter = reporting(new OTLPMetricExporter({ timeoutMillis }), "metrics", health);
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis,
    exportTimeoutMillis: exportIntervalMillis,
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return provider;
}
