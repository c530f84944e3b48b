import assert from "node:assert/strict";
import { ConcurrencyLimit } from "../../src/rpc/server/admission/concurrency-limit.ts";

/** A server that works on so many calls at a time, each in so many milliseconds; calls beyond that take turns. */
type Model = { readonly workers: number; readonly ms: number };

const durationOf = ({ workers, ms }: Model, inFlight: number) => ms * Math.max(1, inFlight / workers);

/** Lets time pass in which as many calls come as may be under way, or `offered` at a time if that is less. */
function pass(limit: ConcurrencyLimit, model: Model, seconds: number, clock: { now: number }, offered = Infinity) {
  const until = clock.now + seconds * 1000;
  while (clock.now < until) {
    const count = Math.min(Math.floor(limit.value), offered);
    for (let i = 0; i < count; i++) limit.begin();
    const ms = durationOf(model, count);
    clock.now += ms;
    for (let i = 0; i < count; i++) limit.end(ms, clock.now);
  }
  return limit.value;
}

const BOUNDS = { initial: 64, least: 8, most: 1000 };

describe("the limit of calls under way", () => {
  it("comes down to what does not slow calls down to more than about twice", () => {
    const clock = { now: 1 };
    const model = { workers: 16, ms: 10 };
    const limit = new ConcurrencyLimit(BOUNDS);
    pass(limit, model, 1, clock, 4); // a time of rest tells what calls take
    const value = pass(limit, model, 5, clock);
    assert.ok(value > 24 && value < 56, `${value}`);
  });

  it("grows where calls do not slow each other down", () => {
    const value = pass(new ConcurrencyLimit(BOUNDS), { workers: 500, ms: 50 }, 5, { now: 1 });
    assert.ok(value >= 500, `${value}`);
  });

  it("stays within its bounds", () => {
    assert.equal(pass(new ConcurrencyLimit(BOUNDS), { workers: 1e6, ms: 1 }, 10, { now: 1 }), 1000);
    const fixed = new ConcurrencyLimit({ initial: 5, least: 5, most: 5 });
    assert.equal(pass(fixed, { workers: 1, ms: 10 }, 5, { now: 1 }), 5);
  });

  it("does not change while few calls come, however long they take", () => {
    const clock = { now: 1 };
    const limit = new ConcurrencyLimit(BOUNDS);
    pass(limit, { workers: 100, ms: 1 }, 1, clock, 4);
    assert.equal(pass(limit, { workers: 100, ms: 200 }, 5, clock, 4), 64);
  });

  it("learns that calls take longer now, though not for being many", () => {
    const clock = { now: 1 };
    const limit = new ConcurrencyLimit(BOUNDS);
    pass(limit, { workers: 200, ms: 10 }, 3, clock);
    const value = pass(limit, { workers: 200, ms: 100 }, 30, clock);
    assert.ok(value > 100, `${value}`);
  });

  it("is back within two seconds when a fault is over", () => {
    const clock = { now: 1 };
    const healthy = { workers: 100, ms: 10 };
    const limit = new ConcurrencyLimit(BOUNDS);
    const before = pass(limit, healthy, 5, clock);
    pass(limit, { workers: 4, ms: 200 }, 10, clock);
    const after = pass(limit, healthy, 2, clock);
    assert.ok(after > 0.7 * before, `${after} after ${before}`);
  });

  it("does not go by calls that tell nothing", () => {
    const limit = new ConcurrencyLimit(BOUNDS);
    for (let i = 1; i <= 1000; i++) {
      for (let j = 0; j < 64; j++) limit.begin();
      for (let j = 0; j < 64; j++) limit.end(undefined, i * 50);
    }
    assert.equal(limit.value, 64);
    assert.equal(limit.inFlight, 0);
  });
});
