import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { Resource } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from "@opentelemetry/sdk-trace-node";
import { boundedSpans, delivering } from "./delivering.ts";
import type { Delivery } from "./delivery.ts";
import { exportTimeoutFromEnv, positiveFromEnv } from "./env.ts";
import type { ExportHealth } from "./export-health.ts";
import { redactingSpanProcessor } from "./redacting-span-processor.ts";
import { createSampler } from "./sampler.ts";
import { registerSpanStarter, SpanStarter } from "./spans.ts";

export type TracesOptions = {
  readonly resource: Resource;
  /** Share of new traces that are recorded, from 0 to 1, unless OTEL_TRACES_SAMPLER says otherwise. For other traces, the caller has decided. */
  readonly samplingRatio: number;
  /** Told how exports go. Undefined: spans are made for their ids, but not exported. */
  readonly health: ExportHealth | undefined;
};

export type Traces = {
  /** Undefined if nothing is exported. */
  readonly delivery: Delivery | undefined;
  shutdown(): Promise<void>;
  /** Spans are no longer started by this provider's starter. */
  unregister(): void;
};

/** Serializing a batch blocks the process: about 0.7 ms for this many spans. */
const BATCH_SIZE = 128;
/** A flush sends the whole queue at once, beside the batch under way, and an exporter drops all but 30 concurrent exports. */
const QUEUE_SIZE = 29 * BATCH_SIZE;

/** Registers the global tracer provider, W3C propagators and context manager. */
export function startTraces({ resource, samplingRatio, health }: TracesOptions): Traces {
  const maxQueueSize = positiveFromEnv("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE_SIZE);
  const delivery = health?.open("traces", maxQueueSize);
  const starter = new SpanStarter(createSampler(samplingRatio));
  const provider = new NodeTracerProvider({
    resource,
    sampler: starter,
    idGenerator: starter,
    spanProcessors:
      health && delivery
        ? [boundedSpans(redactingSpanProcessor(batches(delivery, health, maxQueueSize)), delivery)]
        : [],
  });
  provider.register();
  return { delivery, unregister: registerSpanStarter(starter), shutdown: () => provider.shutdown() };
}

function batches(delivery: Delivery, health: ExportHealth, maxQueueSize: number): SpanProcessor {
  const timeoutMillis = exportTimeoutFromEnv("TRACES");
  const exporter = new OTLPTraceExporter({ timeoutMillis });
  return new BatchSpanProcessor(delivering(exporter, { delivery, health, count: (spans) => spans.length }), {
    maxExportBatchSize: positiveFromEnv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH_SIZE),
    maxQueueSize,
    scheduledDelayMillis: positiveFromEnv("OTEL_BSP_SCHEDULE_DELAY", 1000),
    // Longer than the exporter's own timeout, whose error says more.
    exportTimeoutMillis: positiveFromEnv("OTEL_BSP_EXPORT_TIMEOUT", timeoutMillis + 5000),
  });
}

/** Registers propagators and context manager only: callers' traces are passed on, but this process makes no spans. */
export function startPropagation(): void {
  new NodeTracerProvider().register();
  trace.disable();
}
