// A shop on one core, and what is asked of it from another.
import { spawn } from "node:child_process";
import { json } from "node:stream/consumers";
import { Core, pinned } from "../../bench/pinning.ts";
import type { RoleName } from "../../src/roles.ts";
import { statusOf } from "../image/support/kernel.ts";
import type { Command } from "../support/role-process.ts";
import { type ShopProcesses, startShopProcesses } from "../support/shop-processes.ts";
import type { Kind, Report } from "./generator.ts";
import type { Found } from "./tally.ts";

/** Makes the requests at their rates for so long, and waits for all answers. */
export async function load(port: number, seconds: number, kinds: Readonly<Record<string, Kind>>): Promise<Report> {
  const [program, ...args] = pinned(Core.OTHER, [process.execPath, "test/load/generator.ts"]);
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify({ port, seconds, kinds }));
  return (await json(child.stdout)) as Report;
}

export type LoadedShop = ShopProcesses & {
  port(role: RoleName): number;
  /** Of its own, without what it maps of its file, in MiB. */
  memoryMib(role: RoleName): number;
};

/** The command starts a role; `env` is what each has beside what it needs. */
export async function startOnOneCore(command: Command, env: NodeJS.ProcessEnv): Promise<LoadedShop> {
  const [program, ...args] = pinned(Core.MEASURED, command);
  const shop = await startShopProcesses({ command: [program, ...args], env, keep: () => false });
  return {
    ...shop,
    port: (role) => Number(new URL(shop.url(role)).port),
    memoryMib: (role) => Number.parseInt(statusOf(String(shop.process(role).pid), "RssAnon"), 10) / 1024,
  };
}

/** Good answers a second, but for the first second, in which what waited before is served as well. */
export function goodputOf({ perSecond }: Found): number {
  const seconds = perSecond.slice(1);
  return seconds.reduce((sum, count) => sum + count, 0) / seconds.length;
}

/** What came back at a rate, for whoever reads the output. */
export function describeFound(what: string, found: Found): string {
  const [p50, p99] = [found.p50Ms, found.p99Ms].map((ms) => ms.toFixed(1));
  return `      ${what}: ${goodputOf(found).toFixed(0)}/s, p50 ${p50} ms, p99 ${p99} ms, ${JSON.stringify(found.outcomes)}`;
}
