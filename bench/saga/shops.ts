// The two shops that are compared. Both have default settings, a database of their own in the same PostgreSQL, and the same telemetry backend.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Core } from "../pinning.ts";
import { freePorts, type MeasuredShop, startShopProcesses } from "./role-processes.ts";

const ROOT = join(import.meta.dirname, "../..");
const PEER = join(import.meta.dirname, "peer");

export type ShopOptions = {
  /** Where the logs go, and SQLite's files. */
  readonly folder: string;
  /** None: SQLite, which only ours has. */
  readonly databaseUrl?: string;
  /** Where telemetry goes. */
  readonly backend: Readonly<Record<string, string>>;
  /** The only one that the four roles use. Default: any. */
  readonly core?: Core;
};

/** Ours: the four roles, from the source. */
export async function startOurs({ folder, databaseUrl, backend, core }: ShopOptions): Promise<MeasuredShop> {
  const [user, payment, order, gateway] = (await freePorts(4)) as [number, number, number, number];
  const common = {
    DATA_DIR: folder,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    ...backend,
    USER_SERVICE_URL: `http://127.0.0.1:${user}`,
    PAYMENT_SERVICE_URL: `http://127.0.0.1:${payment}`,
    ORDER_SERVICE_URL: `http://127.0.0.1:${order}`,
  };
  const command = (name: string, port: number) => ({
    name,
    args: [join(ROOT, "src/main.ts")],
    env: { ...common, ROLE: name, PORT: String(port) },
  });
  const commands = [
    command("user", user),
    command("payment", payment),
    command("order", order),
    command("gateway", gateway),
  ];
  return startShopProcesses(folder, commands, gateway, core);
}

/** Its twin in NestJS, whose packages are installed the first time. */
export async function startNest({ folder, databaseUrl, backend, core }: ShopOptions): Promise<MeasuredShop> {
  install();
  const [user, payment, order, gateway] = (await freePorts(4)) as [number, number, number, number];
  const common = {
    DATABASE_URL: databaseUrl,
    ...backend,
    NODE_ENV: "production",
    USER_URL: `127.0.0.1:${user}`,
    PAYMENT_URL: `127.0.0.1:${payment}`,
    ORDER_URL: `127.0.0.1:${order}`,
  };
  const command = (name: string, port: number) => ({
    name,
    args: ["--import", join(PEER, "telemetry.ts"), join(PEER, `${name}.ts`)],
    env: { ...common, ROLE: name, PORT: String(port) },
  });
  const commands = [
    command("user", user),
    command("payment", payment),
    command("order", order),
    command("gateway", gateway),
  ];
  return startShopProcesses(folder, commands, gateway, core);
}

function install(): void {
  if (!existsSync(join(PEER, "node_modules"))) run("npm", ["ci", "--ignore-scripts", "--loglevel=error"], PEER);
}

function run(program: string, args: string[], cwd: string): void {
  const { status, error } = spawnSync(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(" ")} ended with ${status}`);
}
