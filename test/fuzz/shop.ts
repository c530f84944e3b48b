// The shop whose doors are tried: its roles as real processes, and what can be seen of them from outside.
import { readFile } from "node:fs/promises";
import type { RoleName } from "../../src/roles.ts";
import { callersFirst } from "../../tools/call-order.ts";
import { startShopProcesses } from "../support/shop-processes.ts";

const DRAIN_MS = 5000;
const STOP_MS = DRAIN_MS + 10_000;
const MAX_RSS_MIB = 300;
/** Half of what the roles have in the cluster, as Node would choose there by itself. A leak ends the process all the sooner. */
const HEAP = "--max-old-space-size=128";

export type FuzzedShop = {
  readonly ports: Readonly<Record<RoleName, number>>;
  /** What has come to light since the last time: lines that no input may cause, processes that ended. */
  faults(): string[];
  /** The most memory that each role was seen to have, in MiB, and whoever has too much. */
  measure(): Promise<{ peaks: Readonly<Record<string, number>>; faults: string[] }>;
  /** Ends the roles with SIGTERM; gives what was wrong with their ends. */
  stop(): Promise<string[]>;
};

export async function startFuzzedShop(): Promise<FuzzedShop> {
  const faults: string[] = [];
  const peaks: Record<string, number> = {};
  const ready = new Set<RoleName>();
  let stopping = false;

  const shop = await startShopProcesses({
    env: { DRAIN_TIMEOUT_MS: String(DRAIN_MS), NODE_OPTIONS: HEAP },
    keep(role, line, from) {
      if (from === "stderr" || isError(line)) faults.push(`${role} wrote: ${line.slice(0, 4000)}`);
      return !ready.has(role);
    },
  });
  for (const role of callersFirst) {
    ready.add(role);
    shop.process(role).exited.then((code) => {
      if (!stopping) faults.push(`${role} ended with ${code}`);
    });
  }

  return {
    ports: Object.fromEntries(callersFirst.map((role) => [role, shop.process(role).port])) as Record<RoleName, number>,
    faults: () => faults.splice(0),
    async measure() {
      const tooMuch: string[] = [];
      for (const role of callersFirst) {
        const mib = await rssMib(shop.process(role).pid);
        peaks[role] = Math.max(mib, peaks[role] ?? 0);
        if (mib > MAX_RSS_MIB) tooMuch.push(`${role} has ${mib} MiB, more than ${MAX_RSS_MIB}`);
      }
      return { peaks, faults: tooMuch };
    },
    async stop() {
      stopping = true;
      const wrong: string[] = [];
      for (const role of callersFirst) {
        const { kill } = shop.process(role);
        const timer = setTimeout(() => {
          wrong.push(`${role} did not end within ${STOP_MS} ms of SIGTERM`);
          kill("SIGKILL");
        }, STOP_MS);
        await shop.stop(role).catch((error: Error) => wrong.push(error.message));
        clearTimeout(timer);
      }
      await shop.close();
      return [...faults.splice(0), ...wrong];
    },
  };
}

function isError(line: string): boolean {
  try {
    return JSON.parse(line).level === "error";
  } catch {
    return true; // only a crash writes what is no JSON
  }
}

/** Of Linux only; 0 elsewhere, and for a process that has ended. */
async function rssMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
}
