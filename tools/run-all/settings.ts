import { resolve } from "node:path";
import { workloadOf } from "../../src/contract.ts";
import { type RoleName, roles } from "../../src/roles.ts";

export const DASHBOARD = "dashboard";

/** What has a port of its own: the roles and the dashboard. */
export type Listener = RoleName | typeof DASHBOARD;

/** The default ports. */
const DEFAULT_PORTS: ReadonlyMap<Listener, number> = new Map<Listener, number>([
  ...roles.map((role) => [role.name, workloadOf(role).port] as const),
  [DASHBOARD, 4318],
]);

export const LISTENERS: readonly Listener[] = [...DEFAULT_PORTS.keys()];

/** Everything listens here, so that only this machine can reach it. */
export const HOST = "127.0.0.1";

export type RunAllSettings = {
  ports: Readonly<Record<Listener, number>>;
  /** Absolute path of the folder for all data: each role's database, and the telemetry. */
  dataDir: string;
  /** Whether roles speak TLS with each other and with clients. */
  tls: boolean;
};

/** The environment variable with a listener's port. */
export const portVariable = (name: string): string => `${name.toUpperCase().replaceAll("-", "_")}_PORT`;

/**
 * Reads the listeners' ports (GATEWAY_PORT, DASHBOARD_PORT and so on), DATA_DIR (default: `data`, relative to root) and TLS (default: 0). Throws
 * one Error that names every fault.
 */
export function readSettings(env: NodeJS.ProcessEnv, root: string): RunAllSettings {
  const faults: string[] = [];
  const owners = new Map<number, string>();
  const ports = [...DEFAULT_PORTS].map(([name, byDefault]) => {
    const variable = portVariable(name);
    const text = env[variable] || String(byDefault);
    const port = Number(text);
    const owner = owners.get(port);
    if (!/^\d+$/.test(text) || port < 1 || port > 65_535) faults.push(`${variable}=${text} is no port (1 to 65535)`);
    else if (owner !== undefined) faults.push(`${variable} and ${owner} are both ${port}`);
    owners.set(port, variable);
    return [name, port] as const;
  });
  const tls = env.TLS || "0";
  if (tls !== "0" && tls !== "1") faults.push(`TLS=${tls} is neither 0 nor 1`);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return {
    ports: Object.fromEntries(ports) as RunAllSettings["ports"],
    dataDir: resolve(root, env.DATA_DIR || "data"),
    tls: tls === "1",
  };
}
