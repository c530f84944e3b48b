import { readdir } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { getHeapSpaceStatistics } from "node:v8";
import type { Meter } from "@opentelemetry/api";
import { observeEventLoopDelay } from "./event-loop-delay.ts";
import { observeGarbageCollection } from "./garbage-collection.ts";
import { scopeMeter } from "./scope.ts";

const US_PER_S = 1e6;
const MS_PER_S = 1e3;

/**
 * Reports processor time, memory, garbage collection and event loop of this process each time that metrics are read. Returns a function that
 * stops it.
 */
export function observeRuntime(): () => void {
  const meter = scopeMeter();
  observeProcess(meter);
  observeHeap(meter);
  observeEventLoop(meter);
  const stops = [observeEventLoopDelay(meter), observeGarbageCollection(meter)];
  return () => {
    for (const stop of stops) stop();
  };
}

function observeProcess(meter: Meter): void {
  meter
    .createObservableUpDownCounter("process.memory.usage", { unit: "By", description: "Resident memory." })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableCounter("process.cpu.time", { unit: "s", description: "Processor time that this process used." })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / US_PER_S, { "cpu.mode": "user" });
      result.observe(system / US_PER_S, { "cpu.mode": "system" });
    });
  meter
    .createObservableUpDownCounter("process.unix.file_descriptor.count", {
      unit: "{file_descriptor}",
      description: "Open files and sockets.",
    })
    .addCallback(async (result) => {
      const open = await readdir("/proc/self/fd").catch(() => undefined); // only Linux has it
      if (open !== undefined) result.observe(open.length - 1); // without that of the folder itself
    });
}

function observeHeap(meter: Meter): void {
  const used = meter.createObservableUpDownCounter("v8js.memory.heap.used", { unit: "By", description: "Used heap." });
  const size = meter.createObservableUpDownCounter("v8js.memory.heap.space.size", {
    unit: "By",
    description: "Heap that is allocated.",
  });
  meter.addBatchObservableCallback(
    (result) => {
      for (const space of getHeapSpaceStatistics()) {
        const attributes = { "v8js.heap.space.name": space.space_name };
        result.observe(used, space.space_used_size, attributes);
        result.observe(size, space.space_size, attributes);
      }
    },
    [used, size],
  );
}

function observeEventLoop(meter: Meter): void {
  const time = meter.createObservableCounter("nodejs.eventloop.time", {
    unit: "s",
    description: "Time that the event loop was in each state.",
  });
  const utilization = meter.createObservableGauge("nodejs.eventloop.utilization", {
    unit: "1",
    description: "Share of time that the event loop was busy.",
  });
  let before = performance.eventLoopUtilization();
  meter.addBatchObservableCallback(
    (result) => {
      const now = performance.eventLoopUtilization();
      result.observe(time, now.active / MS_PER_S, { "nodejs.eventloop.state": "active" });
      result.observe(time, now.idle / MS_PER_S, { "nodejs.eventloop.state": "idle" });
      result.observe(utilization, performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
    [time, utilization],
  );
}
