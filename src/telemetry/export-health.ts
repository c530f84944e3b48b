import type { Logger } from "winston";
import { Delivery, type LossType, type Signal } from "./delivery.ts";

/** Whether exports reach the backend, and what was lost when they did not. */
export type ExportHealth = {
  /** Whether exports are given up now; an attempt that failed may yet succeed. */
  readonly failing: boolean;
  /** Counts what becomes of a signal, of which there may wait so much. */
  open(signal: Signal, capacity: number): Delivery;
  /** An attempt of an export failed, which was started at this time of performance.now(). */
  failed(signal: Signal, words: string, startedAt: number): void;
  /** An export was given up. */
  gaveUp(signal: Signal, words: string, startedAt: number): void;
  /** An export arrived. */
  arrived(signal: Signal): void;
  /** Logs what was lost and not told yet. */
  close(): void;
};

/**
 * Logs one warning when exports begin to fail or a queue begins to overflow, and one line with all that was lost when they work again, however
 * much fails in between.
 */
export function exportHealth(logger: Logger): ExportHealth {
  const failing = new Set<Signal>();
  const givenUp = new Set<Signal>();
  const overflowing = new Set<Signal>();
  /** Signals that failed and were taken for good again because another signal got through; */
  const vouchedFor = new Set<Signal>();
  /** and those that failed after that: only a success of their own counts. */
  const doubted = new Set<Signal>();
  const deliveries = new Map<Signal, Delivery>();
  let lost: Record<Signal, number> = { traces: 0, metrics: 0, logs: 0 };
  let begunAt: number | undefined;
  let backAt = Number.NEGATIVE_INFINITY;
  let toldOfFailure = false;

  function onLoss(signal: Signal, count: number, type: LossType): void {
    lost[signal] += count;
    if (type !== "queue_full" || overflowing.has(signal)) return;
    overflowing.add(signal);
    if (begunAt !== undefined) return;
    begunAt = performance.now();
    logger.warn("telemetry is made faster than it is exported, and dropped while the queue is full", { signal });
  }

  function fail(signal: Signal, words: string): void {
    if (vouchedFor.delete(signal)) doubted.add(signal);
    failing.add(signal);
    begunAt ??= performance.now();
    if (toldOfFailure) return;
    toldOfFailure = true;
    logger.warn("telemetry cannot be exported and is dropped until it can", { signal, detail: words });
  }

  function absolve(signal: Signal): void {
    if (doubted.has(signal) || !failing.delete(signal)) return;
    givenUp.delete(signal);
    vouchedFor.add(signal);
  }

  function endIfOver(): void {
    if (begunAt !== undefined && failing.size + overflowing.size === 0) end("telemetry is exported again");
  }

  function end(message: string): void {
    const duration_ms = begunAt === undefined ? undefined : Math.round(performance.now() - begunAt);
    const totals = { lost_spans: lost.traces, lost_points: lost.metrics, lost_records: lost.logs, duration_ms };
    begunAt = undefined;
    toldOfFailure = false;
    lost = { traces: 0, metrics: 0, logs: 0 };
    logger.info(message, totals);
  }

  return {
    get failing() {
      return givenUp.size > 0;
    },
    open(signal, capacity) {
      const delivery = new Delivery(signal, capacity, onLoss);
      deliveries.set(signal, delivery);
      return delivery;
    },
    failed(signal, words, startedAt) {
      if (startedAt >= backAt) fail(signal, words); // else it began before the backend was back
    },
    gaveUp(signal, words, startedAt) {
      if (startedAt >= backAt) {
        givenUp.add(signal);
        fail(signal, words);
      } else absolve(signal);
      endIfOver();
    },
    arrived(signal) {
      const { held, capacity } = deliveries.get(signal)!;
      if (held <= capacity / 2) overflowing.delete(signal);
      if (failing.size > 0) backAt = performance.now();
      vouchedFor.delete(signal);
      doubted.delete(signal);
      failing.delete(signal);
      givenUp.delete(signal);
      // The others may have nothing to send for a long time. What they are sending will tell.
      for (const other of failing) {
        if (deliveries.get(other)?.exporting === 0) absolve(other);
      }
      endIfOver();
    },
    close() {
      if (begunAt !== undefined || lost.traces + lost.metrics + lost.logs > 0) end("telemetry was lost");
    },
  };
}
