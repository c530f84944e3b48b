// Processes of a shop, started from their scripts, whose output goes to files as it would to a collector: nobody's CPU reads it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Core, pinned } from "../pinning.ts";
import { cpuMicrosOf } from "./cpu.ts";

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** A shop of four processes, behind one port of HTTP. */
export type MeasuredShop = {
  readonly url: string;
  /** The CPU time of all its processes so far, in microseconds. */
  cpuMicros(): number;
  /** The same, by process. */
  cpuMicrosByRole(): Record<string, number>;
  close(): Promise<void>;
};

export type RoleCommand = { readonly name: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv };

/** Starts the commands one after the other, each when the one before serves, all on that core; the last is the gateway, at `port`. */
export async function startShopProcesses(
  folder: string,
  commands: readonly RoleCommand[],
  port: number,
  core?: Core,
): Promise<MeasuredShop> {
  const children = new Map<string, ChildProcess>();
  const close = async () => {
    for (const child of children.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  };
  try {
    for (const command of commands) children.set(command.name, await start(folder, command, core));
  } catch (error) {
    await close();
    throw error;
  }
  const cpuMicrosByRole = () =>
    Object.fromEntries([...children].map(([name, child]) => [name, cpuMicrosOf(child.pid!)]));
  return {
    url: `http://127.0.0.1:${port}`,
    cpuMicrosByRole,
    cpuMicros: () => Object.values(cpuMicrosByRole()).reduce((sum, each) => sum + each, 0),
    close,
  };
}

async function start(folder: string, { name, args, env }: RoleCommand, core?: Core): Promise<ChildProcess> {
  const command = [process.execPath, ...args] as const;
  const [program, ...programArgs] = core === undefined ? command : pinned(core, command);
  const file = join(folder, `${name}.log`);
  const output = openSync(file, "w");
  const child = spawn(program, programArgs, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const until = performance.now() + START_TIMEOUT_MS;
  while (!/serves/.test(readFileSync(file, "utf8"))) {
    if (child.exitCode !== null || performance.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`${name} did not start:\n${readFileSync(file, "utf8").slice(-4000)}`);
    }
    await setTimeout(POLL_MS);
  }
  return child;
}

/** Ports of the loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
