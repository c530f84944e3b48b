import { OTLPExporterBase } from "@opentelemetry/otlp-exporter-base";
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from "@opentelemetry/otlp-exporter-base/node-http";
import { LogsExporterMetricsHelper } from "@opentelemetry/otlp-transformer";
import type { LogRecordExporter, ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { accessLogsSerializer } from "./access-log-serializer.ts";

/** The SDK's OTLPLogExporter in all but the serializer. */
export function createLogExporter(timeoutMillis: number): LogRecordExporter {
  const options = convertLegacyHttpOptions({ timeoutMillis }, "LOGS", "v1/logs", {
    "Content-Type": "application/x-protobuf",
  });
  return new OTLPExporterBase<ReadableLogRecord[]>(
    createOtlpHttpExportDelegate(
      options,
      accessLogsSerializer,
      "otlp_http_log_exporter",
      LogsExporterMetricsHelper,
      undefined,
    ),
  );
}
