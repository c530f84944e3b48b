// Load that comes at its own rate, whatever becomes of it.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { Core, pinned } from "../../pinning.ts";
import type { Kind, Report } from "./generator.ts";
import type { Found } from "./tally.ts";

const GENERATOR = join(import.meta.dirname, "generator.ts");

/** Makes the requests at their rates for so long, on a core that is not for what is measured, and waits for all answers. */
export async function steadyLoad(
  port: number,
  seconds: number,
  kinds: Readonly<Record<string, Kind>>,
): Promise<Report> {
  const [program, ...args] = pinned(Core.OTHER, [process.execPath, GENERATOR]);
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify({ port, seconds, kinds }));
  return (await json(child.stdout)) as Report;
}

/** Good answers a second, but for the first second, in which what waited before is served as well. */
export function goodputOf({ perSecond }: Found): number {
  const seconds = perSecond.slice(1);
  return seconds.reduce((sum, count) => sum + count, 0) / seconds.length;
}
