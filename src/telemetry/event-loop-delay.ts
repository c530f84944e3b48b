import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "@opentelemetry/api";

const NS_PER_S = 1e9;
const NS_PER_MS = 1e6;
const RESOLUTION_MS = 10;

/**
 * Reports how late the event loop is, each time that metrics are read; the tick in which they are read is not measured. Returns a function that stops
 * it.
 */
export function observeEventLoopDelay(meter: Meter): () => void {
  const gauge = (name: string, description: string) => meter.createObservableGauge(name, { unit: "s", description });
  const mean = gauge("nodejs.eventloop.delay.mean", "Mean delay of the event loop.");
  const p50 = gauge("nodejs.eventloop.delay.p50", "Median of the event loop's delay.");
  const p99 = gauge("nodejs.eventloop.delay.p99", "99th percentile of the event loop's delay.");
  const max = gauge("nodejs.eventloop.delay.max", "Longest delay of the event loop.");
  const intervals = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  intervals.enable();
  meter.addBatchObservableCallback(
    (result) => {
      if (intervals.count === 0) return; // read twice in one tick: nothing was sampled
      result.observe(mean, delayOf(intervals.mean));
      result.observe(p50, delayOf(intervals.percentile(50)));
      result.observe(p99, delayOf(intervals.percentile(99)));
      result.observe(max, delayOf(intervals.max));
      intervals.reset();
    },
    [mean, p50, p99, max],
  );
  return () => intervals.disable();
}

/** Node measures the time between two ticks of a timer: what is beyond the timer's own is the delay. */
const delayOf = (intervalNs: number): number => Math.max(0, intervalNs - RESOLUTION_MS * NS_PER_MS) / NS_PER_S;
