import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { batchOf } from "../../src/telemetry/log-batch.ts";

const PROGRAM = fileURLToPath(new URL("support/log-process.ts", import.meta.url));

const start = (way: string) => spawn(process.execPath, [PROGRAM, way], { stdio: ["ignore", "pipe", "pipe"] });

/** What a process that logs in this way writes, and how it ends. */
async function run(way: string, child = start(way)) {
  const closed = once(child, "close");
  const [out, err] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  const [code, signal] = await closed;
  const lines = Buffer.concat(out).toString().split("\n");
  assert.equal(lines.pop(), "");
  const messages = lines.map((text) => String(JSON.parse(text).message));
  return { messages, err: Buffer.concat(err).toString(), code, signal };
}

const FOUR = ["line 0", "call", "line 1", "call"];

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe("the batch of lines", () => {
  it("writes the lines of a turn at once, in their order", async () => {
    const writes: string[] = [];
    const batch = batchOf((text) => writes.push(text));
    batch.add("a");
    batch.add("b");
    assert.deepEqual(writes, []);
    await turn();
    assert.deepEqual(writes, ["a\nb\n"]);
    batch.add("c");
    batch.flush();
    batch.flush();
    assert.deepEqual(writes, ["a\nb\n", "c\n"]);
    await turn();
    assert.equal(writes.length, 2);
  });

  it("writes no more at once than what enters a pipe whole, but for a line that is longer", async () => {
    const sizes: number[] = [];
    const batch = batchOf((text) => sizes.push(Buffer.byteLength(text)));
    for (let i = 0; i < 10; i++) batch.add("x".repeat(999));
    assert.deepEqual(sizes, [4000, 4000]);
    batch.add("é".repeat(1100));
    assert.deepEqual(sizes, [4000, 4000, 2000]);
    batch.add("y".repeat(100_000));
    assert.deepEqual(sizes.slice(3), [2201, 100_001]);
    batch.add("z".repeat(4095));
    assert.deepEqual(sizes.slice(5), [4096]);
    await turn();
    assert.equal(sizes.length, 6);
  });

  it("goes on after a write that failed", () => {
    const writes: string[] = [];
    const batch = batchOf((text) => {
      writes.push(text);
      if (writes.length === 1) throw new Error("no space");
    });
    batch.add("a");
    assert.throws(() => batch.flush());
    batch.add("b");
    batch.flush();
    assert.deepEqual(writes, ["a\n", "b\n"]);
  });

  for (const [way, code] of [
    ["end", 0],
    ["exit", 3],
    ["exit while it exits", 0],
  ] as const) {
    it(`has all lines written when the process ends (${way})`, async () => {
      assert.deepEqual(await run(way), { messages: FOUR, err: "", code, signal: null });
    });
  }

  for (const way of ["throw", "reject"]) {
    it(`has all lines written when nobody catches what the process throws (${way})`, async () => {
      const { messages, err, code } = await run(way);
      assert.deepEqual([messages, code], [FOUR, 1]);
      assert.match(err, /nobody catches this/);
    });
  }

  it("writes errors at once, so that they survive a kill", async () => {
    const { messages, signal } = await run("error and kill");
    assert.deepEqual([messages, signal], [[...FOUR, "last words"], "SIGKILL"]);
  });

  it("loses nothing to a reader that is slow, and leaves in order", async () => {
    const child = start("flood");
    // All is logged before anything is read.
    await once(child.stderr, "readable");
    const { messages, code } = await run("flood", child);
    assert.deepEqual(
      messages.map((text) => Number(text.split(" ")[0])),
      Array.from({ length: 2000 }, (_, i) => i),
    );
    assert.equal(code, 0);
  });

  it("fails as any writer does when its reader goes", async () => {
    const child = start("go on");
    const errors = child.stderr.toArray();
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await once(child, "close");
    assert.equal(code, 1);
    assert.match(Buffer.concat(await errors).toString(), /EPIPE/);
  });
});
