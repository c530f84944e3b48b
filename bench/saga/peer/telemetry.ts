// Loaded before everything else, by --import, as the packages of OpenTelemetry ask for.
import { register } from "node:module";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg";
import { PinoInstrumentation } from "@opentelemetry/instrumentation-pino";
import { logs, metrics, NodeSDK, tracing } from "@opentelemetry/sdk-node";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);

// That of nestjs-core knows no NestJS of today (12), so it is left out: the peer is the cheaper for it.
const sdk = new NodeSDK({
  serviceName: process.env.ROLE,
  sampler: new tracing.ParentBasedSampler({ root: new tracing.TraceIdRatioBasedSampler(0.1) }),
  traceExporter: new OTLPTraceExporter(),
  metricReaders: [new metrics.PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
  logRecordProcessors: [new logs.BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
  instrumentations: [
    // The exporters' own requests are not traced, as the SDK has it by default.
    new HttpInstrumentation(),
    new GrpcInstrumentation(),
    new PgInstrumentation(),
    new PinoInstrumentation(),
  ],
});
sdk.start();
