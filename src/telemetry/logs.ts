import { logs } from "@opentelemetry/api-logs";
import type { Resource } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { boundedRecords, delivering } from "./delivering.ts";
import type { Delivery } from "./delivery.ts";
import { exportTimeoutFromEnv, positiveFromEnv } from "./env.ts";
import type { ExportHealth } from "./export-health.ts";
import { DirectProcessor } from "./log-direct.ts";
import { createLogExporter } from "./log-exporter.ts";

export type LogsOptions = { readonly resource: Resource; readonly health: ExportHealth };

export type Logs = { readonly delivery: Delivery; shutdown(): Promise<void> };

/** Registers the global OpenTelemetry logger provider, to which the logger sends its lines. */
export function startLogs({ resource, health }: LogsOptions): Logs {
  const timeoutMillis = exportTimeoutFromEnv("LOGS");
  const maxQueueSize = positiveFromEnv("OTEL_BLRP_MAX_QUEUE_SIZE", 2048);
  const delivery = health.open("logs", maxQueueSize);
  const exporter = createLogExporter(timeoutMillis);
  const batches = new BatchLogRecordProcessor({
    exporter: delivering(exporter, { delivery, health, count: (records) => records.length }),
    // The SDK's default. A request costs as much as hundreds of records; those of access lines are serialized five times as fast as spans.
    maxExportBatchSize: positiveFromEnv("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", 512),
    maxQueueSize,
    scheduledDelayMillis: positiveFromEnv("OTEL_BLRP_SCHEDULE_DELAY", 1000),
    // Longer than the exporter's own timeout, whose error says more.
    exportTimeoutMillis: positiveFromEnv("OTEL_BLRP_EXPORT_TIMEOUT", timeoutMillis + 5000),
  });
  const processor = new DirectProcessor(boundedRecords(batches, delivery));
  const provider = new LoggerProvider({ resource, processors: [processor] });
  const closeDirectWay = processor.open(provider);
  logs.setGlobalLoggerProvider(provider);
  return {
    delivery,
    shutdown() {
      // As the provider's own loggers, which are silent from now on.
      closeDirectWay();
      return provider.shutdown();
    },
  };
}
