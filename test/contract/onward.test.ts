import assert from "node:assert/strict";
import { onward } from "../../src/rpc/onward.ts";

const { signal } = new AbortController();
const timeoutOf = (left: number | undefined) => onward({ signal, timeoutMs: () => left }).timeoutMs;

describe("a call on behalf of another", () => {
  it("has its signal, and the time that it has left", () => {
    assert.deepEqual(onward({ signal, timeoutMs: () => 70 }), { signal, timeoutMs: 70 });
  });

  it("has no limit of its own without a deadline", () => {
    assert.equal(timeoutOf(undefined), undefined);
  });

  it("has hardly any time when none is left, instead of no deadline", () => {
    assert.deepEqual([timeoutOf(0), timeoutOf(-5)], [1, 1]);
  });
});
