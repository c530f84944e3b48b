import { dirname } from "node:path";
import type { Transport } from "@connectrpc/connect";
import { createLogger } from "winston";
import { startApp } from "../../src/app.ts";
import type { RoleName } from "../../src/roles.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { readSettings } from "../../src/settings.ts";
import type { TestStore } from "./stores.ts";

/** A role in this process on a free port, as it is in production, and a way to call it by gRPC. */
export type RoleApp = {
  readonly transport: Transport;
  readonly port: number;
  close(): Promise<void>;
};

/** Starts a role on a test's database. May be called again for the same one: as another replica, or after a restart. */
export async function startRoleApp(role: RoleName, database: TestStore, env: NodeJS.ProcessEnv = {}): Promise<RoleApp> {
  const { url, file } = database.location();
  const place = url === undefined ? { DATA_DIR: dirname(file) } : { DATABASE_URL: url };
  const settings = readSettings({ ROLE: role, PORT: "0", DRAIN_IDLE_MS: "0", ...place, ...env });
  const app = await startApp(settings, createLogger({ silent: true }));
  const transport = createGrpcTransport({ target: `127.0.0.1:${app.port}` });
  return {
    transport,
    port: app.port,
    async close() {
      transport.close();
      await app.stop();
    },
  };
}
