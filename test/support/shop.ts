import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "winston";
import { type App, startApp } from "../../src/app.ts";
import { callersFirst, type RoleName } from "../../src/roles.ts";
import { readSettings } from "../../src/settings.ts";
import { peerUrls } from "./peer-urls.ts";

/** A whole shop in this process: all roles on free ports, SQLite in a fresh folder unless env says otherwise. */
export type Shop = {
  readonly url: (role: RoleName) => string;
  /** Stops one role, as SIGTERM would. */
  stop(role: RoleName): Promise<void>;
  /** Starts a stopped role again, at its old port. */
  start(role: RoleName): Promise<void>;
  close(): Promise<void>;
};

export async function startShop(env: NodeJS.ProcessEnv = {}): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), "shop-"));
  const logger = createLogger({ silent: true });
  const apps = new Map<RoleName, App>();
  const ports = new Map<RoleName, number>();
  const url = (role: RoleName) => `http://127.0.0.1:${ports.get(role)}`;

  async function start(role: RoleName): Promise<void> {
    const settings = readSettings({
      ROLE: role,
      PORT: String(ports.get(role) ?? 0),
      DATA_DIR: folder,
      ...peerUrls(ports),
      RECOVERY_INTERVAL_MS: "100",
      DRAIN_TIMEOUT_MS: "1000",
      ...env,
    });
    const app = await startApp(settings, logger);
    apps.set(role, app);
    ports.set(role, app.port);
  }

  async function stop(role: RoleName): Promise<void> {
    await apps.get(role)?.stop();
    apps.delete(role);
  }

  async function close(): Promise<void> {
    for (const role of callersFirst) await stop(role);
    await rm(folder, { recursive: true, force: true });
  }

  try {
    for (const role of callersFirst.toReversed()) await start(role);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, start, stop, close };
}
