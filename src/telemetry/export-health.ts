import type { Logger } from "winston";

export type Signal = "traces" | "metrics" | "logs";

/** Whether exports reach the backend. */
export type ExportHealth = {
  /** Whether exports are failing now. */
  readonly failing: boolean;
  /** Records the result of an export that was started at this time of performance.now(). */
  report(signal: Signal, error: Error | undefined, startedAt: number): void;
};

/** Logs one warning when exports begin to fail and one line when they work again, however many fail in between. */
export function exportHealth(logger: Logger): ExportHealth {
  const failing = new Set<Signal>();
  let recoveredAt = Number.NEGATIVE_INFINITY;
  return {
    get failing() {
      return failing.size > 0;
    },
    report(signal, error, startedAt) {
      if (error === undefined) {
        if (!failing.has(signal)) return;
        // The other signals too: they may have nothing to send for a long time, and if they still fail, they will be added again.
        failing.clear();
        recoveredAt = performance.now();
        logger.info("telemetry is exported again");
        return;
      }
      if (startedAt < recoveredAt) return; // it began before the backend was back
      if (failing.size === 0) {
        logger.warn("telemetry cannot be exported and is dropped until it can", { signal, detail: reasonOf(error) });
      }
      failing.add(signal);
    },
  };
}

/** A refused connection is an AggregateError with a code but no message. */
function reasonOf(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  return [code, error.message].filter((part) => part !== "").join(" ") || error.name;
}

type ExportResult = { readonly code: number; readonly error?: Error };
type Exporter<T> = { export(items: T, done: (result: ExportResult) => void): void };

const SUCCESS = 0;

/**
 * Makes an exporter report its results to health. Its caller always sees success: a batch that failed is lost either way, and the caller
 * would only log every one of them.
 */
export function reporting<T, E extends Exporter<T>>(
  exporter: E & Exporter<T>,
  signal: Signal,
  health: ExportHealth,
): E {
  const send = exporter.export.bind(exporter);
  exporter.export = (items: T, done: (result: ExportResult) => void) => {
    const startedAt = performance.now();
    send(items, ({ code, error }) => {
      health.report(signal, code === SUCCESS ? undefined : (error ?? new Error("export failed")), startedAt);
      done({ code: SUCCESS });
    });
  };
  return exporter;
}
