import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eventually } from "../support/eventually.ts";
import type { Point } from "./support/otlp.ts";
import { type Recorded, type Recording, record, startRecording } from "./support/recording.ts";

/** The values that a metric had in the last export, by the value of its only attribute. */
function lastOf({ points }: Pick<Recorded, "points">, metric: string): Record<string, number> {
  const own = points.filter((point) => point.metric === metric);
  return Object.fromEntries(own.map((point) => [Object.values(point.attributes).join(), amountOf(point)]));
}

const amountOf = ({ value, count }: Point): number => value || count;
const sum = (values: Record<string, number>): number =>
  Object.values(values).reduce((total, value) => total + value, 0);

function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Until the event loop has run for a while without work of ours. */
const rest = ({ backend }: Recording, exports: number) =>
  eventually(() => assert.ok(pointsOf(backend.points, "nodejs.eventloop.delay.p50").length >= exports));
const pointsOf = (points: readonly Point[], metric: string) => points.filter((point) => point.metric === metric);

const OFTEN = { OTEL_METRIC_EXPORT_INTERVAL: "200" };

describe("metrics of the runtime", () => {
  it("tell of processor time, memory, files and event loop, by the names of the conventions", async () => {
    const recorded = await record(async () => spin(50));
    assert.ok(sum(lastOf(recorded, "process.memory.usage")) > 10e6);
    const cpu = lastOf(recorded, "process.cpu.time");
    assert.deepEqual(Object.keys(cpu), ["user", "system"]);
    assert.ok(cpu.user! > 0.05 && cpu.user! < 600, `${cpu.user} s`);
    const used = lastOf(recorded, "v8js.memory.heap.used");
    assert.ok(used.old_space! > 1e6 && used.old_space! <= lastOf(recorded, "v8js.memory.heap.space.size").old_space!);
    const time = lastOf(recorded, "nodejs.eventloop.time");
    assert.deepEqual(Object.keys(time), ["active", "idle"]);
    const utilization = sum(lastOf(recorded, "nodejs.eventloop.utilization"));
    assert.ok(utilization > 0 && utilization <= 1, `${utilization}`);
    if (process.platform === "linux") assert.ok(sum(lastOf(recorded, "process.unix.file_descriptor.count")) > 3);
  });

  it("say that the event loop is not late at rest", async () => {
    const recording = await startRecording({}, OFTEN);
    await rest(recording, 3);
    await recording.stop();
    const medians = pointsOf(recording.backend.points, "nodejs.eventloop.delay.p50").map(({ value }) => value);
    const best = Math.min(...medians);
    assert.ok(medians.every((median) => median >= 0));
    assert.ok(best < 0.005, `${best} s`);
  });

  it("say how long the event loop was blocked", async () => {
    const recording = await startRecording({}, OFTEN);
    await rest(recording, 1);
    await new Promise((resolve) => setImmediate(resolve)); // a block in the tick of a reading is not seen
    await eventually(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      spin(300);
      const longest = Math.max(...pointsOf(recording.backend.points, "nodejs.eventloop.delay.max").map((p) => p.value));
      assert.ok(longest > 0.25 && longest < 3, `${longest} s`);
    });
    await recording.stop();
  });

  it("count garbage collections by type", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const recording = await startRecording({}, OFTEN);
    await eventually(() => {
      collect();
      assert.ok(lastOf(recording.backend, "v8js.gc.duration").major! > 0);
    });
    await recording.stop();
  });
});
