import { TraceFlags } from "@opentelemetry/api";
import type { LogRecordProcessor } from "@opentelemetry/sdk-logs";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-node";
import type { Delivery } from "./delivery.ts";
import { ExportAttempts, failureOf } from "./export-attempts.ts";
import type { ExportHealth } from "./export-health.ts";

type ExportResult = { readonly code: number; readonly error?: Error };
type Exporter<T> = { export(items: T, done: (result: ExportResult) => void): void };

const SUCCESS = 0;
const NOT_SAMPLED = TraceFlags.NONE;

/** Passes on the spans that there is room for, so that the next processor's own queue never overflows unseen. */
export function boundedSpans(next: SpanProcessor, delivery: Delivery): SpanProcessor {
  return {
    onStart: (span, parent) => next.onStart(span, parent),
    onEnd(span) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== NOT_SAMPLED && delivery.take()) next.onEnd(span);
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

/** As boundedSpans, for log records. */
export function boundedRecords(next: LogRecordProcessor, delivery: Delivery): LogRecordProcessor {
  return {
    onEmit(record, context) {
      if (delivery.take()) next.onEmit(record, context);
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

/**
 * Makes an exporter tell how its exports end. Its caller always sees success: a batch that failed is lost either way, and the caller would only
 * log every one of them.
 */
export function delivering<T, E extends Exporter<T>>(
  exporter: E & Exporter<T>,
  options: { readonly delivery: Delivery; readonly health: ExportHealth; readonly count: (items: T) => number },
): E {
  const { delivery, health, count } = options;
  const send = exporter.export.bind(exporter);
  exporter.export = (items: T, done: (result: ExportResult) => void) => {
    if (delivery.closed) return done({ code: SUCCESS }); // counted as lost
    const startedAt = performance.now();
    const attempts = new ExportAttempts((failure, at) => health.failed(delivery.signal, failure.words, at));
    const running = delivery.startExport(count(items), () => attempts.abandon());
    attempts.run(() =>
      send(items, ({ code, error }) => {
        if (code !== SUCCESS) {
          const failure = attempts.lastFailure ?? failureOf(error ?? new Error("export failed"));
          running.settle("all", failure.type);
          health.gaveUp(delivery.signal, failure.words, startedAt);
        } else if (attempts.rejected > 0) {
          running.settle(attempts.rejected, "rejected");
          health.gaveUp(delivery.signal, `the backend rejected ${attempts.rejected} of ${count(items)}`, startedAt);
        } else {
          running.settle(0, "");
          health.arrived(delivery.signal);
        }
        done({ code: SUCCESS });
      }),
    );
  };
  return exporter;
}
