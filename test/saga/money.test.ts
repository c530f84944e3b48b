import assert from "node:assert/strict";
import { toMinorUnits } from "../../src/money.ts";

describe("toMinorUnits", () => {
  for (const [decimal, expected] of [
    [29.99, 2999n],
    [49.99, 4999n],
    [0, 0n],
    [-0, 0n],
    [0.1, 10n],
    [0.01, 1n],
    [1, 100n],
    [1.1, 110n],
    [1.15, 115n],
    [8.2, 820n],
    [1_000_000, 100_000_000n],
    [999_999.99, 99_999_999n],
    [0.001, undefined],
    [29.999, undefined],
    [0.1 + 0.2, undefined],
    [1e-7, undefined],
    [-1, undefined],
    [1e21, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ] as const) {
    it(`${decimal} -> ${expected}`, () => assert.equal(toMinorUnits(decimal), expected));
  }

  it("is exact for every cent up to 10 000.00", () => {
    for (let cents = 0; cents <= 1_000_000; cents++) assert.equal(toMinorUnits(cents / 100), BigInt(cents));
  });
});
