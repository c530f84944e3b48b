// Calls that end early must neither hang a process nor stay in its memory. In programs of their own, since one that hangs does so for ever.
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Progress } from "../support/resetting-client.ts";

const MS = Number(process.env.RESETS_MS ?? 4_000);
/** A program that has said nothing for so long spins: a machine would have to be very busy to hold it up as long. */
const SILENCE_MS = 30_000;

const support = (name: string) => join(import.meta.dirname, "../support", name);

/** What the client says last. */
async function run(client: ChildProcess): Promise<Progress> {
  let last: Progress = { calls: 0 };
  client.on("message", (progress: Progress) => {
    last = progress;
  });
  while (last.kept === undefined) {
    const signal = AbortSignal.timeout(SILENCE_MS);
    await once(client, "message", { signal }).catch(() => {
      client.kill("SIGKILL");
      assert.fail(`the process hangs after ${last.calls} calls`);
    });
  }
  return last;
}

describe("the client's resets", function () {
  this.timeout(MS + 60_000);

  it("neither hang nor leave calls in memory, with the server in the same process", async () => {
    const { calls, kept } = await run(fork(support("resetting-client.ts"), [String(MS)]));
    assert.ok(calls > 50, `${calls} calls`);
    assert.equal(kept, 0);
  });

  it("neither hang nor leave calls in memory, with the server in another process", async () => {
    const server = fork(support("resetting-server.ts"));
    const [{ port }] = (await once(server, "message")) as [{ port: number }];
    try {
      const { calls, kept } = await run(fork(support("resetting-client.ts"), [String(MS), String(port)]));
      assert.ok(calls > 50, `${calls} calls`);
      assert.equal(kept, 0);
    } finally {
      server.disconnect();
    }
  });
});
