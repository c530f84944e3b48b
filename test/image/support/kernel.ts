// What the kernel says of a process.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";

/** A field of /proc/PID/status. */
export function statusOf(pid: string, field: string): string {
  const found = new RegExp(`^${field}:\\s*(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  assert.ok(found, field);
  return found[1]!;
}

/** How its root is mounted. */
export function rootModeOf(pid: string): "ro" | "rw" {
  const lines = readFileSync(`/proc/${pid}/mounts`, "utf8").split("\n");
  const [, , , flags] = lines.map((line) => line.split(" ")).findLast(([, at]) => at === "/") ?? [];
  assert.ok(flags);
  return flags.split(",").includes("ro") ? "ro" : "rw";
}

/** The memory that it is held to, and the most that was counted so far, in bytes, by either version of control groups. */
export function countedMemoryOf(pid: string): { limit: number; peak: number } {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const [, first] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups) ?? [];
  const [, second] = /^0::(.*)$/m.exec(groups) ?? [];
  const read = (file: string) => Number(readFileSync(file, "utf8"));
  const folder = `/sys/fs/cgroup/memory${first}`;
  if (existsSync(`${folder}/memory.limit_in_bytes`)) {
    return { limit: read(`${folder}/memory.limit_in_bytes`), peak: read(`${folder}/memory.max_usage_in_bytes`) };
  }
  return { limit: read(`/sys/fs/cgroup${second}/memory.max`), peak: read(`/sys/fs/cgroup${second}/memory.peak`) };
}
