// When a store counts as away, and when as back.
import assert from "node:assert/strict";
import { Availability, type AvailabilityOptions } from "../../src/storage/availability.ts";
import { eventually } from "../support/eventually.ts";

const TIMES = { awayMs: 60, steadyMs: 40, calmMs: 5, doubtMs: 5 };

describe("the availability of a store", () => {
  let availability: Availability | undefined;
  let isAway: () => boolean;
  let probes: number;
  let changes: { available: boolean; at: number; error: unknown }[];

  beforeEach(() => {
    isAway = () => false;
    probes = 0;
    changes = [];
  });
  afterEach(() => availability?.stop());

  function watch(over: Partial<AvailabilityOptions> = {}): void {
    availability = new Availability({
      ...TIMES,
      async probe() {
        probes++;
        if (isAway()) throw new Error("away");
      },
      onChange: (available, error) => changes.push({ available, at: performance.now(), error }),
      ...over,
    });
  }
  const changed = (times: number) => eventually(() => assert.equal(changes.length, times));
  const probed = async (more: number) => {
    const before = probes;
    await eventually(() => assert.ok(probes >= before + more));
  };

  it("ends when nothing has succeeded for long, and says why", async () => {
    watch();
    await probed(3);
    assert.equal(changes.length, 0);
    isAway = () => true;
    const began = performance.now();
    await changed(1);
    assert.deepEqual([changes[0]?.available, String(changes[0]?.error)], [false, "Error: away"]);
    assert.ok(changes[0]!.at - began >= TIMES.awayMs, `${changes[0]!.at - began} ms`);
  });

  it("is back when everything has succeeded for a while", async () => {
    watch();
    isAway = () => true;
    await changed(1);
    isAway = () => false;
    const began = performance.now();
    await changed(2);
    assert.equal(changes[1]?.available, true);
    assert.ok(changes[1]!.at - began >= TIMES.steadyMs, `${changes[1]!.at - began} ms`);
  });

  it("does not change with a store that flaps", async () => {
    watch();
    isAway = () => probes % 3 !== 0;
    await probed(60);
    assert.equal(changes.length, 0);
    isAway = () => true;
    await changed(1);
    isAway = () => probes % 3 === 0;
    await probed(60);
    assert.equal(changes.length, 1);
  });

  it("takes longer to come back each time that it soon ends again", async () => {
    watch();
    const took: number[] = [];
    for (let i = 0; i < 3; i++) {
      isAway = () => true;
      await changed(2 * i + 1);
      isAway = () => false;
      const began = performance.now();
      await changed(2 * i + 2);
      took.push(performance.now() - began);
    }
    assert.ok(took[1]! >= 2 * TIMES.steadyMs && took[2]! >= 4 * TIMES.steadyMs, `${took}`);
  });

  it("asks seldom while all is well", async () => {
    watch({ calmMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 20)); // in which several probes would come
    assert.equal(probes, 0);
  });
});
