// OpenTelemetry for the peers, as the pages of its packages set it up: traces, a tenth recorded, and metrics, sent by OTLP over HTTP.
import http from "node:http";
import grpcJs from "@grpc/grpc-js";
import { metrics } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { InstrumentationBase } from "@opentelemetry/instrumentation";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-node";
import { SAMPLING_RATIO } from "../sampling-ratio.ts";

/** Call it before the server is made. */
export function startOpenTelemetry(): void {
  const resource = resourceFromAttributes({ "service.name": "peer" });
  new NodeTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(SAMPLING_RATIO) }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  }).register();
  const readers = [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })];
  metrics.setGlobalMeterProvider(new MeterProvider({ resource, readers }));
  patch(new GrpcInstrumentation({ enabled: false }), "@grpc/grpc-js", grpcJs);
  patch(new HttpInstrumentation({ enabled: false }), "http", http);
}

/** In place, because the hook of module loading sees what CommonJS requires, and costs what ES modules import more than this does. */
function patch(instrumentation: InstrumentationBase, name: string, library: object): void {
  const definitions = instrumentation.getModuleDefinitions();
  definitions.find((definition) => definition.name === name)!.patch!(library);
}
