import { context, diag, metrics, propagation, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import type { Logger } from "winston";
import type { Delivery } from "./delivery.ts";
import { observeDelivery } from "./delivery-metrics.ts";
import { logDiagnostics } from "./diagnostics.ts";
import { isExported } from "./env.ts";
import { watchAttempts } from "./export-attempts.ts";
import { exportHealth } from "./export-health.ts";
import { traceForeignGrpc } from "./foreign-grpc.ts";
import { createLogger, type LoggerOptions } from "./logger.ts";
import { startLogs } from "./logs.ts";
import { startMetrics } from "./metrics.ts";
import { type ResourceOptions, serviceResource } from "./resource.ts";
import { observeRuntime } from "./runtime-metrics.ts";
import { startPropagation, startTraces } from "./traces.ts";

export type TelemetryOptions = ResourceOptions & {
  /** Share of new traces that are recorded, from 0 to 1. For others, the caller has decided. */
  readonly samplingRatio: number;
  readonly logLevel: LoggerOptions["level"];
  readonly logFormat: LoggerOptions["format"];
  /** Time between exports of metrics. Default: 60,000. */
  readonly metricIntervalMs?: number;
  /** False: no spans, metrics or log records are made, but callers' traces are passed on. Default: true, unless OTEL_SDK_DISABLED=true. */
  readonly enabled?: boolean;
  /** False: nothing is exported, but log lines still have trace ids. Default: true. */
  readonly otlp?: boolean;
  /** Time that shutdown() has for sending what is left. Default: 5000. */
  readonly shutdownTimeoutMs?: number;
};

export type Telemetry = {
  readonly logger: Logger;
  /**
   * Sends the remaining traces, metrics and logs, in this order, then unregisters everything. What the backend does not take in time is
   * lost. Never rejects. The console log keeps working. Call process.exit() afterwards: an exporter that is retrying would keep the process
   * alive for another 10 s or so.
   */
  shutdown(): Promise<void>;
};

/**
 * Starts tracing, metrics and logging for the process. Call it once, before interceptors are made. Exports by OTLP over HTTP, as the standard
 * OTEL_EXPORTER_OTLP_* variables say. A backend that is away costs a bounded queue and one warning, never a request.
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
  const exported = (signal: Parameters<typeof isExported>[0]) => otlp && isExported(signal);
  const tracesHealth = exported("TRACES") ? health : undefined;
  const traces = startTraces({ resource, samplingRatio: options.samplingRatio, health: tracesHealth });
  const providers: Provider[] = [traces];
  const undo = [unregister, traces.unregister, traceForeignGrpc(), watchAttempts()];
  if (exported("METRICS")) {
    const started = startMetrics({ resource, intervalMs: options.metricIntervalMs ?? 60_000, health });
    providers.push(started);
    undo.push(observeRuntime(), started.unregister);
  }
  if (exported("LOGS")) providers.push(startLogs({ resource, health }));
  observeDelivery(providers.flatMap(({ delivery }) => delivery ?? []));

  async function shutdown(): Promise<void> {
    const timeoutMs = options.shutdownTimeoutMs ?? 5000;
    await shutDown(providers, health.failing ? Math.min(timeoutMs, FAILING_SHUTDOWN_MS) : timeoutMs);
    health.close();
    for (const undoOne of undo.toReversed()) undoOne();
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

type Provider = { readonly delivery: Delivery | undefined; shutdown(): Promise<void> };

/** Enough for a last try when the backend is away. */
const FAILING_SHUTDOWN_MS = 500;

/** One after the other, each with an equal share of the remaining time. What is not sent by then is lost. */
async function shutDown(providers: readonly Provider[], timeoutMs: number): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (const [i, provider] of providers.entries()) {
    await settled(provider.shutdown(), (until - performance.now()) / (providers.length - i));
    provider.delivery?.close();
  }
}

/** Waits until the promise settles, but no longer than this. */
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
