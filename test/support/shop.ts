// A whole shop for a test: in this process (startShop), a process for each role (shop-processes.ts), or by run-all (run-all.ts).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "winston";
import { startApp } from "../../src/app.ts";
import { addressOf } from "../../src/contract.ts";
import { type RoleName, roles } from "../../src/roles.ts";
import { readSettings } from "../../src/settings.ts";
import { callersFirst } from "../../tools/call-order.ts";

/** A shop, however its roles run. */
export type Shop = {
  /** `http://host:port` of a role. */
  url(role: RoleName): string;
  /** Ends all that runs and removes its data. Rejects, when all has ended, if anything did not end well. */
  close(): Promise<void>;
};

/** A shop whose roles come and go one by one. */
export type RolesShop = Shop & {
  /** Ends one role, as SIGTERM would. Rejects if it does not end well. */
  stop(role: RoleName): Promise<void>;
  /** Starts a role that was stopped again, at its old port. */
  start(role: RoleName): Promise<void>;
};

/** A role that serves, and how it is ended. */
type RunningRole = { readonly port: number; stop(): Promise<void> };

export type RolesShopOptions = {
  /** Where the roles keep their data. Default: a folder of its own, which is removed at the end. */
  readonly folder?: string;
  /** What each role's environment has beside what it needs. */
  readonly env?: NodeJS.ProcessEnv;
  /** What a role's has of its own. */
  readonly envOf?: (role: RoleName) => NodeJS.ProcessEnv;
  /** How roles are reached. Default: "http". */
  readonly scheme?: "http" | "https";
  /** The port at which the others reach a role that has this one. Default: the same. */
  readonly reachedAt?: (role: RoleName, port: number) => Promise<number>;
};

/** Starts all roles on free ports of the loopback, those that are called first; rejects, with none left running, if one does not serve. */
export async function startRoles(
  startRole: (role: RoleName, env: NodeJS.ProcessEnv) => Promise<RunningRole>,
  options: RolesShopOptions = {},
): Promise<RolesShop> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "tracemesh-shop-")));
  const running = new Map<RoleName, RunningRole>();
  const ports = new Map<RoleName, number>();
  const reached = new Map<RoleName, number>();
  const { scheme = "http" } = options;

  async function start(role: RoleName): Promise<void> {
    const PORT = String(ports.get(role) ?? 0);
    const env = {
      ROLE: role,
      PORT,
      DATA_DIR: folder,
      ...peerUrls(reached, scheme),
      ...options.env,
      ...options.envOf?.(role),
    };
    const started = await startRole(role, env);
    running.set(role, started);
    ports.set(role, started.port);
    if (!reached.has(role)) reached.set(role, (await options.reachedAt?.(role, started.port)) ?? started.port);
  }

  async function stop(role: RoleName): Promise<void> {
    const ending = running.get(role);
    running.delete(role);
    await ending?.stop();
  }

  async function close(): Promise<void> {
    const faults: unknown[] = [];
    for (const role of callersFirst) await stop(role).catch((fault) => faults.push(fault));
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    if (faults.length > 0) throw new AggregateError(faults, faults.join("\n"));
  }

  try {
    for (const role of callersFirst.toReversed()) await start(role);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: (role) => `${scheme}://127.0.0.1:${ports.get(role)}`, stop, start, close };
}

/** A shop in this process; SQLite unless env says otherwise. */
export function startShop(env: NodeJS.ProcessEnv = {}, options: RolesShopOptions = {}): Promise<RolesShop> {
  const logger = createLogger({ silent: true });
  return startRoles((_, own) => startApp(readSettings(own), logger), {
    ...options,
    env: {
      RECOVERY_INTERVAL_MS: "100",
      RECOVERY_REST_MS: "1000",
      DRAIN_TIMEOUT_MS: "1000",
      DRAIN_IDLE_MS: "0",
      ...env,
    },
  });
}

/** The settings by which roles find those whose ports are known. */
function peerUrls(ports: ReadonlyMap<RoleName, number>, scheme: string): Record<string, string> {
  const known = roles.filter(({ name }) => ports.has(name));
  return Object.fromEntries(
    known.map(({ name, services }) => [addressOf(services[0]).variable, `${scheme}://127.0.0.1:${ports.get(name)}`]),
  );
}
