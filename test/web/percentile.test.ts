import assert from "node:assert/strict";
import { percentile } from "../../web/console/percentile.ts";

describe("a percentile of buckets", () => {
  const bounds = [0.01, 0.1, 1];

  it("is estimated within its bucket", () => {
    assert.ok(Math.abs(percentile(bounds, [0, 100, 0, 0], 0.5) - 0.055) < 1e-9);
    assert.equal(percentile(bounds, [50, 50, 0, 0], 0.5), 0.01);
    assert.equal(percentile(bounds, [99, 0, 1, 0], 1), 1);
    assert.ok(Math.abs(percentile(bounds, [0, 0, 100, 0], 0.99) - 0.991) < 1e-9);
  });

  it("is the last bound for what is above it", () => {
    assert.equal(percentile(bounds, [0, 0, 0, 5], 0.5), 1);
  });

  it("is none of nothing", () => {
    assert.ok(Number.isNaN(percentile(bounds, [0, 0, 0, 0], 0.99)));
    assert.ok(Number.isNaN(percentile([], [], 0.99)));
  });
});
