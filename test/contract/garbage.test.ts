// Calls that have ended are freed by scavenges: what waits for a full garbage collection is copied twice before, and fills the memory.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const PROGRAM = join(import.meta.dirname, "../support/garbage-of-calls.ts");
/** While V8 marks for a full garbage collection, its scavenges free nothing that a WeakRef points to. */
const FLAGS = ["--expose-gc", "--no-incremental-marking"];
/** Of those that happened to be open during two scavenges. */
const MAX_SHARE = 0.2;

describe("the garbage of calls", () => {
  const paths = {
    server: "a gRPC server",
    stream: "a gRPC server's stream",
    client: "a client",
    rest: "a REST server",
    connect: "a server of Connect",
  };
  for (const [path, where] of Object.entries(paths)) {
    it(`is freed by scavenges at ${where}`, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, PROGRAM, path]);
      const { calls, left } = JSON.parse(stdout) as { calls: number; left: number };
      assert.equal(calls, 481);
      assert.ok(left <= MAX_SHARE * calls, `${left} of ${calls} are left`);
    });
  }
});
