import { resolve } from "node:path";

/** The roles in the order in which they drain: who calls comes before who is called. */
export const ROLES = ["gateway", "order", "payment", "user"] as const;
export type Role = (typeof ROLES)[number];

/** What listens on a port of its own: the roles and the telemetry backend with its page. */
export type Listener = Role | "dashboard";

export const LISTENERS: readonly Listener[] = ["gateway", "user", "order", "payment", "dashboard"];

/** Where the roles listen. Only this machine reaches them. */
export const HOST = "127.0.0.1";

export type RunAllSettings = {
  ports: Readonly<Record<Listener, number>>;
  /** Absolute path of the folder for all state: a database a role, and the telemetry. */
  dataDir: string;
};

const DEFAULT_PORTS: Record<Listener, number> = {
  gateway: 8080,
  user: 8081,
  order: 8082,
  payment: 8083,
  dashboard: 4318,
};

/** The environment variable that moves a listener to another port. */
export const portVariable = (name: Listener): string => `${name.toUpperCase()}_PORT`;

/**
 * Reads GATEWAY_PORT, USER_PORT, ORDER_PORT, PAYMENT_PORT, DASHBOARD_PORT and DATA_DIR (default `data`, relative to root).
 * Throws one Error that tells every fault.
 */
export function readSettings(env: NodeJS.ProcessEnv, root: string): RunAllSettings {
  const faults: string[] = [];
  const owners = new Map<number, string>();
  const ports = { ...DEFAULT_PORTS };
  for (const name of LISTENERS) {
    const variable = portVariable(name);
    const text = env[variable] || String(DEFAULT_PORTS[name]);
    const port = Number(text);
    const owner = owners.get(port);
    if (!/^\d+$/.test(text) || port < 1 || port > 65_535) faults.push(`${variable}=${text} is no port (1 to 65535)`);
    else if (owner !== undefined) faults.push(`${variable} and ${owner} are both ${port}`);
    owners.set(port, variable);
    ports[name] = port;
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return { ports, dataDir: resolve(root, env.DATA_DIR || "data") };
}
