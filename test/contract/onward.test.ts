import assert from "node:assert/strict";
import { onward } from "../../src/rpc/onward.ts";

const { signal } = new AbortController();
const timeoutOf = (left: number | undefined, maxMs?: number) =>
  onward({ signal, timeoutMs: () => left }, maxMs).timeoutMs;

describe("a call on behalf of another", () => {
  it("has its signal, and the time that it has left", () => {
    assert.deepEqual(onward({ signal, timeoutMs: () => 70 }), { signal, timeoutMs: 70 });
  });

  it("has no limit of its own without a deadline", () => {
    assert.equal(timeoutOf(undefined), undefined);
  });

  it("has no more than maxMs", () => {
    assert.deepEqual([timeoutOf(undefined, 50), timeoutOf(70, 50), timeoutOf(30, 50)], [50, 50, 30]);
  });

  it("has hardly any time when none is left, instead of no deadline", () => {
    assert.deepEqual([timeoutOf(0), timeoutOf(-5), timeoutOf(0, 50)], [1, 1, 1]);
  });
});
