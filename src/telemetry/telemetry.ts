import { context, diag, metrics, propagation, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import type { Logger } from "winston";
import { logDiagnostics } from "./diagnostics.ts";
import { isExported } from "./env.ts";
import { exportHealth } from "./export-health.ts";
import { createLogger, type LoggerOptions } from "./logger.ts";
import { startLogs } from "./logs.ts";
import { startMetrics } from "./metrics.ts";
import { type ResourceOptions, serviceResource } from "./resource.ts";
import { observeRuntime } from "./runtime-metrics.ts";
import { startPropagation, startTraces } from "./traces.ts";

export type TelemetryOptions = ResourceOptions & {
  /** Share of new traces that are recorded, from 0 to 1. A trace that comes in keeps its caller's decision. */
  readonly samplingRatio: number;
  readonly logLevel: LoggerOptions["level"];
  readonly logFormat: LoggerOptions["format"];
  /** Time between exports of metrics. Default: 60,000. */
  readonly metricIntervalMs?: number;
  /** False makes no spans, metrics and log records at all; traces of callers are still passed on. Default: true, unless OTEL_SDK_DISABLED is. */
  readonly enabled?: boolean;
  /** False exports nothing, but makes spans for their ids in the log. Default: true. */
  readonly otlp?: boolean;
};

export type Telemetry = {
  readonly logger: Logger;
  /** Sends what is left of traces, metrics and logs, in this order, within 5 s in all, and unregisters everything. Never rejects. */
  shutdown(): Promise<void>;
};

const SHUTDOWN_MS = 5000;

/**
 * Starts tracing, metrics and logging for the process, to be called once before interceptors are made. Exports by OTLP over HTTP to where the
 * standard OTEL_EXPORTER_OTLP_* variables say. A backend that is away costs a bounded queue and one warning, never a request.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const enabled = options.enabled ?? process.env.OTEL_SDK_DISABLED?.toLowerCase() !== "true";
  const otlp = enabled && (options.otlp ?? true);
  const logger = createLogger({
    serviceName: options.serviceName,
    level: options.logLevel,
    format: options.logFormat,
    otlp: otlp && isExported("LOGS"),
  });
  const health = exportHealth(logger);
  logDiagnostics(logger, health);
  if (!enabled) {
    startPropagation();
    return { logger, shutdown: async () => unregister() };
  }

  const resource = serviceResource(options);
  const providers: { shutdown(): Promise<void> }[] = [];
  const exportsTraces = otlp && isExported("TRACES");
  providers.push(
    startTraces({ resource, samplingRatio: options.samplingRatio, health: exportsTraces ? health : undefined }),
  );
  let stopObserving = () => {};
  if (otlp && isExported("METRICS")) {
    providers.push(startMetrics({ resource, intervalMs: options.metricIntervalMs ?? 60_000, health }));
    stopObserving = observeRuntime();
  }
  if (otlp && isExported("LOGS")) providers.push(startLogs({ resource, health }));

  async function shutdown(): Promise<void> {
    const until = performance.now() + SHUTDOWN_MS;
    for (const [i, provider] of providers.entries()) {
      const share = (until - performance.now()) / (providers.length - i);
      await settled(provider.shutdown(), share);
    }
    stopObserving();
    unregister();
  }
  let stopped: Promise<void> | undefined;
  return {
    logger,
    shutdown() {
      stopped ??= shutdown();
      return stopped;
    },
  };
}

/** Waits for the promise to settle either way, for at most this long. */
async function settled(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise.catch(() => {}), late]);
  clearTimeout(timer);
}

function unregister(): void {
  trace.disable();
  metrics.disable();
  logs.disable();
  propagation.disable();
  context.disable();
  diag.disable();
}
