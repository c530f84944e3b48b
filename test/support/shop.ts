import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "winston";
import { type App, startApp } from "../../src/app.ts";
import { type Role, readSettings } from "../../src/settings.ts";

/** A whole shop in this process: four roles on free ports, SQLite in a fresh folder unless env says otherwise. */
export type Shop = {
  readonly url: (role: Role) => string;
  /** Stops one role, as SIGTERM would. */
  stop(role: Role): Promise<void>;
  /** Starts a stopped role again, at its old port. */
  start(role: Role): Promise<void>;
  close(): Promise<void>;
};

/** Peers before those who call them. */
const START_ORDER: readonly Role[] = ["user", "payment", "order", "gateway"];

export async function startShop(env: NodeJS.ProcessEnv = {}): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), "shop-"));
  const logger = createLogger({ silent: true });
  const apps = new Map<Role, App>();
  const ports = new Map<Role, number>();
  const url = (role: Role) => `http://127.0.0.1:${ports.get(role)}`;

  async function start(role: Role): Promise<void> {
    const settings = readSettings({
      ROLE: role,
      PORT: String(ports.get(role) ?? 0),
      DATA_DIR: folder,
      ...Object.fromEntries([...ports.keys()].map((peer) => [`${peer.toUpperCase()}_SERVICE_URL`, url(peer)])),
      RECOVERY_INTERVAL_MS: "100",
      DRAIN_TIMEOUT_MS: "1000",
      ...env,
    });
    const app = await startApp(settings, logger);
    apps.set(role, app);
    ports.set(role, app.port);
  }

  async function stop(role: Role): Promise<void> {
    await apps.get(role)?.stop();
    apps.delete(role);
  }

  async function close(): Promise<void> {
    for (const role of START_ORDER.toReversed()) await stop(role);
    await rm(folder, { recursive: true, force: true });
  }

  try {
    for (const role of START_ORDER) await start(role);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, start, stop, close };
}
