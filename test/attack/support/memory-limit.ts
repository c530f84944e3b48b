import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../../support/role-process.ts";

/** A control group for one process and its memory, which the kernel enforces. */
export type MemoryLimit = {
  /** The command, put into the group before it starts. */
  wrap(command: Command): Command;
  /** The most that was counted so far, in bytes, with what the kernel keeps for its sockets and files. */
  peak(): number;
  /** To be called when the process has ended. */
  remove(): void;
};

/** By either version of control groups. Needs Linux and root. */
export function limitMemory(name: string, bytes: number): MemoryLimit {
  const first = "/sys/fs/cgroup/memory";
  const isFirst = existsSync(join(first, "memory.limit_in_bytes"));
  const folder = join(isFirst ? first : "/sys/fs/cgroup", `tracemesh-${name}-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, isFirst ? "memory.limit_in_bytes" : "memory.max"), String(bytes));
  } catch (cause) {
    throw new Error("the attacks run under a memory limit, which needs Linux, root and control groups", { cause });
  }
  return {
    wrap: (command) => ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', join(folder, "cgroup.procs"), ...command],
    peak: () => Number(readFileSync(join(folder, isFirst ? "memory.max_usage_in_bytes" : "memory.peak"), "utf8")),
    remove: () => rmdirSync(folder),
  };
}
