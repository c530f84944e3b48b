import type { Logger } from "winston";

export type Signal = "traces" | "metrics" | "logs";

/** Whether the backend takes what is sent to it. */
export type ExportHealth = {
  /** Whether exports fail at present. */
  readonly failing: boolean;
  /** Takes the result of an export, and when it was started, in ms of performance.now(). */
  report(signal: Signal, error: Error | undefined, startedAt: number): void;
};

/** Logs one warning when exports begin to fail, and one line when they get through again, however many fail in between. */
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
        // All of them: the others may have nothing to send for long, and fail anew if they must.
        failing.clear();
        recoveredAt = performance.now();
        logger.info("telemetry is exported again");
        return;
      }
      if (startedAt < recoveredAt) return; // late news
      if (failing.size === 0) {
        logger.warn("telemetry cannot be exported and is dropped until it can", { signal, detail: reasonOf(error) });
      }
      failing.add(signal);
    },
  };
}

/** Refused connections come with a code, and as an AggregateError without a message. */
function reasonOf(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  return [code, error.message].filter((part) => part !== "").join(" ") || error.name;
}

type ExportResult = { readonly code: number; readonly error?: Error };
type Exporter<T> = { export(items: T, done: (result: ExportResult) => void): void };

const SUCCESS = 0;

/**
 * Makes an exporter report its results to health. Its caller always sees success: a batch that was not taken is gone either way, and the
 * caller would only tell of each one again.
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
