// Child processes of this folder that answer one message at a time.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Core, pinned } from "./pinning.ts";

export type MeasuredProcess<Order, Report> = {
  /** What the process reported when it was ready. */
  readonly ready: unknown;
  /** Resolves to the child's report. Rejects if the order failed in the child or the child ended. */
  send(order: Order): Promise<Report>;
  close(): Promise<void>;
};

type Reply = { report: unknown } | { error: string };

/** Starts a script of this folder on a core. */
export async function startProcess<Order, Report>(
  core: Core,
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<MeasuredProcess<Order, Report>> {
  const [program, ...rest] = pinned(core, [process.execPath, ...flags, join(import.meta.dirname, script), ...args]);
  const child = spawn(program, rest, {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, ...env },
  });
  const ready = await nextReply(child);
  return {
    ready,
    async send(order) {
      child.send(order as object);
      return (await nextReply(child)) as Report;
    },
    async close() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

async function nextReply(child: ChildProcess): Promise<unknown> {
  const abort = new AbortController();
  const ended = once(child, "exit", { signal: abort.signal }).then(([code]) => {
    throw new Error(`a measured process ended with code ${code}`);
  });
  try {
    const [reply] = (await Promise.race([once(child, "message", { signal: abort.signal }), ended])) as [Reply];
    if ("error" in reply) throw new Error(reply.error);
    return reply.report;
  } finally {
    ended.catch(() => {});
    abort.abort();
  }
}

/** Runs in the child: reports that it is ready, then answers each order until the parent has gone. */
export function serve<Order, Report>(answer: (order: Order) => Report | Promise<Report>, ready: unknown = null): void {
  const reply = (message: Reply) => process.send?.(message);
  process.on("disconnect", () => process.exit());
  process.on("message", async (order) => {
    try {
      reply({ report: await answer(order as Order) });
    } catch (error) {
      reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  reply({ report: ready });
}
