import { logs } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import type { Resource } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { exportTimeoutFromEnv, positiveFromEnv } from "./env.ts";
import { type ExportHealth, reporting } from "./export-health.ts";

export type LogsOptions = { readonly resource: Resource; readonly health: ExportHealth };

/** Registers the global OpenTelemetry logger provider, to which the logger sends its lines. */
export function startLogs({ resource, health }: LogsOptions): LoggerProvider {
  const timeoutMillis = exportTimeoutFromEnv("LOGS");
  const processor = new BatchLogRecordProcessor({
    exporter: reporting(new OTLPLogExporter({ timeoutMillis }), "logs", health),
    maxExportBatchSize: positiveFromEnv("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", 128),
    maxQueueSize: positiveFromEnv("OTEL_BLRP_MAX_QUEUE_SIZE", 2048),
    scheduledDelayMillis: positiveFromEnv("OTEL_BLRP_SCHEDULE_DELAY", 1000),
    // Longer than the exporter's own timeout, whose error says more.
    exportTimeoutMillis: positiveFromEnv("OTEL_BLRP_EXPORT_TIMEOUT", timeoutMillis + 5000),
  });
  const provider = new LoggerProvider({ resource, processors: [processor] });
  logs.setGlobalLoggerProvider(provider);
  return provider;
}
