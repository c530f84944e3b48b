import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { addressOf } from "../../src/contract.ts";
import { type RoleName, roles } from "../../src/roles.ts";
import { callersFirst } from "../../tools/call-order.ts";
import { eventually } from "./eventually.ts";
import { type RoleProcess, startRoleProcess } from "./role-process.ts";
import { type StallingProxy, startStallingProxy } from "./stalling-proxy.ts";

/** A shop with several processes of each role on one PostgreSQL, which call each other. */
export type Replicas = {
  ports(role: RoleName): number[];
  /** The n-th replica of a role as it runs now. */
  process(role: RoleName, n: number): RoleProcess;
  /** What stands between the n-th replica of a role and the roles that call it. */
  link(role: RoleName, n: number): StallingProxy;
  /** Starts a replica that has ended anew, at its port; env is what it alone has in its environment. */
  restart(role: RoleName, n: number, env?: NodeJS.ProcessEnv): Promise<void>;
  /**
   * Ends each process as an orchestrator would and starts it anew at its port, one after the other. Clients from outside, which look for
   * it again at their own pace, are given time to come back to a gateway; our own are not. Rejects if a process does not end well.
   */
  restartAll(): Promise<void>;
  close(): Promise<void>;
};

const REPLICAS = 2;

/**
 * `env` is what each process has in its environment beside what it needs. `linked`: they call each other through proxies; otherwise directly.
 * Rejects, with none left running, if one does not serve.
 */
export async function startReplicas(env: NodeJS.ProcessEnv, { linked = false } = {}): Promise<Replicas> {
  const running = new Map<RoleName, RoleProcess[]>();
  const links = new Map<RoleName, StallingProxy[]>();
  const portsOf = (role: RoleName) => running.get(role)?.map(({ port }) => port) ?? [];
  const reachedAt = (role: RoleName) => (linked ? (links.get(role) ?? []).map(({ port }) => port) : portsOf(role));

  function start(role: RoleName, port: number, own: NodeJS.ProcessEnv = {}): Promise<RoleProcess> {
    return startRoleProcess({
      ROLE: role,
      PORT: String(port),
      DRAIN_IDLE_MS: "1000",
      ...targets(reachedAt),
      ...env,
      ...own,
    });
  }

  async function close(): Promise<void> {
    for (const process of [...running.values()].flat()) await process.kill("SIGKILL");
    for (const link of [...links.values()].flat()) await link.close();
  }

  try {
    for (const role of callersFirst.toReversed()) {
      running.set(role, []);
      for (let i = 0; i < REPLICAS; i++) running.get(role)!.push(await start(role, 0));
      if (linked) links.set(role, await Promise.all(portsOf(role).map(startStallingProxy)));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ports: portsOf,
    process: (role, n) => running.get(role)![n]!,
    link: (role, n) => links.get(role)![n]!,
    async restart(role, n, own) {
      const processes = running.get(role)!;
      processes[n] = await start(role, processes[n]!.port, own);
    },
    async restartAll() {
      for (const [role, processes] of running) {
        for (const [i, process] of processes.entries()) {
          const connections = connectionsTo(process.port);
          const code = await process.kill("SIGTERM");
          if (code !== 0) throw new Error(`${role} ended with ${code}, not 0, on SIGTERM`);
          processes[i] = await start(role, process.port);
          if (role === "gateway")
            await eventually(() => assert.ok(connectionsTo(process.port) >= connections), { timeoutMs: 60_000 });
        }
      }
    },
    close,
  };
}

/** The settings by which roles find all replicas of those whose ports are known. */
function targets(portsOf: (role: RoleName) => readonly number[]): Record<string, string> {
  const known = roles.filter(({ name }) => portsOf(name).length === REPLICAS);
  return Object.fromEntries(
    known.map(({ name, services }) => {
      const addresses = portsOf(name).map((port) => `127.0.0.1:${port}`);
      return [addressOf(services[0]).variable, `ipv4:${addresses.join()}`];
    }),
  );
}

const ESTABLISHED = "01";

/** How many connections to a port of this machine are open, as Linux has it. */
function connectionsTo(port: number): number {
  const local = `:${port.toString(16).padStart(4, "0").toUpperCase()}`;
  const rows = readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return rows.filter(([, address = "", , state]) => address.endsWith(local) && state === ESTABLISHED).length;
}
