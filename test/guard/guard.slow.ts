// The guard notices a call that costs a quarter more, on each path, whether in code that is run or in bytes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { PATHS } from "../../bench/guard/paths.ts";

describe("the guard", () => {
  it("fails for a planted loss of a quarter", async () => {
    const args = ["bench/guard/run.ts", "--plant", "0.25"];
    const guard = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const exitCode = once(guard, "exit").then(([code]) => code);
    const lines = (await text(guard.stdout)).trim().split("\n");
    console.log(lines.map((line) => `      ${line}`).join("\n"));
    const missed = Object.keys(PATHS)
      .flatMap((path) => [`${path}: code`, `${path}: bytes`])
      .filter((what) => !lines.some((line) => line.startsWith(`${what} `) && line.endsWith("TOO MUCH")));
    assert.deepEqual(missed, []);
    assert.equal(await exitCode, 1);
  });
});
