import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The system's unit of CPU time; a process knows only its own in microseconds. */
const MICROS_PER_TICK = 1e6 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** The CPU time of a process so far, with all its threads, in microseconds, by ticks of the system (10 ms). Linux only. */
export function cpuMicrosOf(pid: number): number {
  const fields = fieldsOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

/** The CPU time of a process and its children, also those that have ended. */
export function cpuMicrosOfTree(pid: number): number {
  const ended = fieldsOf(pid).slice(13, 15).map(Number);
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => parentOf(each) === pid);
  const own = (ended[0]! + ended[1]!) * MICROS_PER_TICK + cpuMicrosOf(pid);
  return children.reduce((sum, child) => sum + cpuMicrosOf(child), own);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(fieldsOf(pid)[1]);
  } catch {
    return undefined; // it has ended
  }
}

/** What /proc/PID/stat has after the program's name, which may contain anything. */
function fieldsOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
