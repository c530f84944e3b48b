import assert from "node:assert/strict";
import { again } from "../../bench/again.ts";

describe("a window that fails", () => {
  it("is measured again", async () => {
    const tries: boolean[] = [];
    const measure = async (isAgain: boolean) => {
      if (tries.push(isAgain) < 3) throw new Error("the machine stood still");
      return tries;
    };
    assert.deepEqual(await again(measure), [false, true, true]);
  });

  it("fails the run the third time", async () => {
    let tries = 0;
    const measure = async () => {
      throw new Error(`try ${++tries}`);
    };
    await assert.rejects(again(measure), /try 3/);
  });
});
