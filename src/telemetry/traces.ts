import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { Resource } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from "@opentelemetry/sdk-trace-node";
import { exportTimeoutFromEnv, positiveFromEnv } from "./env.ts";
import { type ExportHealth, reporting } from "./export-health.ts";
import { redactingSpanProcessor } from "./redacting-span-processor.ts";
import { createSampler } from "./sampler.ts";

export type TracesOptions = {
  readonly resource: Resource;
  /** Share of new traces that are recorded, from 0 to 1. OTEL_TRACES_SAMPLER, if set, goes before it. A trace that comes in keeps its caller's decision. */
  readonly samplingRatio: number;
  /** Reports of the exports; undefined for spans that are only made, for their ids. */
  readonly health: ExportHealth | undefined;
};

/** A batch is serialized at one go and blocks the process meanwhile: about 0.7 ms for this many spans. */
const BATCH_SIZE = 128;
/** An exporter has at most 30 exports in flight and drops others, and a flush sends the whole queue at once, beside the batch under way. */
const QUEUE_SIZE = 29 * BATCH_SIZE;

/** Registers the tracer provider, the W3C propagators and the context manager, all global. */
export function startTraces({ resource, samplingRatio, health }: TracesOptions): { shutdown(): Promise<void> } {
  const provider = new NodeTracerProvider({
    resource,
    sampler: createSampler(samplingRatio),
    spanProcessors: health === undefined ? [] : [redactingSpanProcessor(batches(health))],
  });
  provider.register();
  return provider;
}

function batches(health: ExportHealth): SpanProcessor {
  const timeoutMillis = exportTimeoutFromEnv("TRACES");
  const exporter = reporting(new OTLPTraceExporter({ timeoutMillis }), "traces", health);
  return new BatchSpanProcessor(exporter, {
    maxExportBatchSize: positiveFromEnv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH_SIZE),
    maxQueueSize: positiveFromEnv("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE_SIZE),
    scheduledDelayMillis: positiveFromEnv("OTEL_BSP_SCHEDULE_DELAY", 1000),
    // The exporter gives up by itself, and says why.
    exportTimeoutMillis: positiveFromEnv("OTEL_BSP_EXPORT_TIMEOUT", timeoutMillis + 5000),
  });
}

/** Registers what passes a caller's trace on although this process makes no spans: propagators and context manager. */
export function startPropagation(): void {
  new NodeTracerProvider().register();
  trace.disable();
}
