import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

type Usage = { readonly cpuMs: number; readonly maxRssKiB: number };

const MAX_MEMORY_KIB = 32 * 1024;

/** A server in a process of its own, which does nothing else, so that what a request costs can be read off it. */
export type CostServer = {
  readonly url: string;
  /** The CPU time that a request takes, in milliseconds, the least of three; fails if one takes more than 32 MiB. */
  cpuMsOf(send: () => Promise<void>): Promise<number>;
  close(): Promise<void>;
};

export async function startCostServer(): Promise<CostServer> {
  const server: ChildProcess = fork(join(import.meta.dirname, "cost-server.ts"));
  const [{ url }] = (await once(server, "message")) as [{ url: string }];

  async function usage(): Promise<Usage> {
    const answered = once(server, "message");
    server.send("usage");
    return (await answered)[0] as Usage;
  }

  return {
    url,
    // The first ones pay for compiling what they use, and any may pay for others' garbage.
    async cpuMsOf(send) {
      const all: number[] = [];
      for (let i = 0; i < 3; i++) {
        const before = await usage();
        await send();
        const after = await usage();
        all.push(after.cpuMs - before.cpuMs);
        if (i > 0) assert.ok(after.maxRssKiB - before.maxRssKiB < MAX_MEMORY_KIB, "memory");
      }
      return Math.min(...all);
    },
    async close() {
      server.disconnect();
      await once(server, "exit");
    },
  };
}
