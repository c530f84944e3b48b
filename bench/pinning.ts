// Keeps what is measured, and what measures, each on a core of its own.
import { execFileSync } from "node:child_process";

/** MEASURED is for what is measured, and OTHER for everything else. */
export const Core = { MEASURED: 0, OTHER: 1 } as const;
export type Core = (typeof Core)[keyof typeof Core];

export type Command = readonly [program: string, ...args: string[]];

/** The command that runs on this core only, if the system can do that. */
export function pinned(core: Core, command: Command): Command {
  return canPin() ? ["taskset", "--cpu-list", String(core), ...command] : command;
}

/** Moves this process to a core, if the system can do that. What it starts later begins there too. */
export function pinThisProcess(core: Core): void {
  if (canPin()) execFileSync("taskset", ["--all-tasks", "--pid", "--cpu-list", String(core), String(process.pid)]);
}

let pinning: boolean | undefined;

/** Whether there are `taskset` and a second core. Without them the figures are noisier. */
export function canPin(): boolean {
  try {
    pinning ??= execFileSync("taskset", ["--cpu-list", "1", "true"]).length === 0;
  } catch {
    pinning = false;
  }
  return pinning;
}
