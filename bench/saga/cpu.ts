import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The system's unit of CPU time; a process knows only its own in microseconds. */
const MICROS_PER_TICK = 1e6 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** What /proc/PID/stat has of CPU times in ticks, by the index behind the program's name. */
const OWN = [11, 12] as const;
const ENDED_CHILDREN = [13, 14] as const;

/** The CPU time of a process so far, with all its threads, in microseconds, by ticks of the system (10 ms). Linux only. */
export function cpuMicrosOf(pid: number): number {
  return micros(fieldsOf(pid), OWN);
}

/** The CPU time of a process and its children, also those that have ended. */
export function cpuMicrosOfTree(pid: number): number {
  const parent = fieldsOf(pid);
  let sum = micros(parent, OWN) + micros(parent, ENDED_CHILDREN);
  for (const name of readdirSync("/proc")) {
    const fields = /^\d+$/.test(name) ? fieldsIfAlive(Number(name)) : undefined;
    if (fields !== undefined && parentOf(fields) === pid) sum += micros(fields, OWN);
  }
  return sum;
}

/** The process that started this one. */
export const parentPid = (pid: number): number => parentOf(fieldsOf(pid));

const parentOf = (fields: readonly string[]): number => Number(fields[1]);

const micros = (fields: readonly string[], [user, system]: readonly [number, number]): number =>
  (Number(fields[user]) + Number(fields[system])) * MICROS_PER_TICK;

function fieldsIfAlive(pid: number): string[] | undefined {
  try {
    return fieldsOf(pid);
  } catch {
    return undefined;
  }
}

/** What /proc/PID/stat has after the program's name, which may contain anything. */
function fieldsOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
