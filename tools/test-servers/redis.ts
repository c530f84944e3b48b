import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireProgram } from "../programs.ts";
import { SERVERS_ADVICE } from "./advice.ts";
import { type Daemon, freePort, startDaemon } from "./daemon.ts";
import type { TestServer } from "./server.ts";

/** Starts an empty Redis, which keeps nothing, on a free loopback port. */
export async function startRedis(): Promise<TestServer> {
  const program = requireProgram("redis-server", "redis-server", SERVERS_ADVICE);
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-redis-"));
  const port = await freePort();
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no", "--dir", folder];
  const start = (): Promise<Daemon> => startDaemon(program, args, /Ready to accept connections/i);

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
