import { type EventLoopUtilization, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { scopeMeter } from "./scope.ts";

const NS_PER_S = 1e9;

/** Reports memory and event loop of this process each time that metrics are read. Returns a function that stops it. */
export function observeRuntime(): () => void {
  const meter = scopeMeter();
  const memory = meter.createObservableUpDownCounter("process.memory.usage", {
    unit: "By",
    description: "Resident memory.",
  });
  const heap = meter.createObservableUpDownCounter("v8js.memory.heap.used", { unit: "By", description: "Used heap." });
  const busy = meter.createObservableGauge("nodejs.eventloop.utilization", {
    unit: "1",
    description: "Share of time that the event loop was busy.",
  });
  const mean = meter.createObservableGauge("nodejs.eventloop.delay.mean", {
    unit: "s",
    description: "Mean delay of the event loop.",
  });
  const p99 = meter.createObservableGauge("nodejs.eventloop.delay.p99", {
    unit: "s",
    description: "99th percentile of the event loop's delay.",
  });
  const max = meter.createObservableGauge("nodejs.eventloop.delay.max", {
    unit: "s",
    description: "Longest delay of the event loop.",
  });

  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  meter.addBatchObservableCallback(
    (result) => {
      const { rss, heapUsed } = process.memoryUsage();
      result.observe(memory, rss);
      result.observe(heap, heapUsed);
      const now = performance.eventLoopUtilization();
      result.observe(busy, performance.eventLoopUtilization(now, before).utilization);
      before = now;
      if (delay.count === 0) return; // read twice in one tick: nothing was sampled
      result.observe(mean, delay.mean / NS_PER_S);
      result.observe(p99, delay.percentile(99) / NS_PER_S);
      result.observe(max, delay.max / NS_PER_S);
      delay.reset();
    },
    [memory, heap, busy, mean, p99, max],
  );
  return () => delay.disable();
}
