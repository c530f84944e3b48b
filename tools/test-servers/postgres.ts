import { execFileSync } from "node:child_process";
import { chownSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SERVERS_ADVICE } from "./advice.ts";
import { type Daemon, freePort, startDaemon } from "./daemon.ts";
import { installed } from "./installed.ts";
import { npmPackage, POSTGRES } from "./npm-package.ts";
import type { TestServer } from "./server.ts";

/** Speed over durability: the data lives as long as the tests. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "200",
  shared_buffers: "32MB",
};

/** Starts a PostgreSQL with an empty cluster on a free loopback port, with settings instead of those or beside them. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const programs = postgresPrograms();
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-postgres-"));
  const data = join(folder, "data");
  if (user) chownSync(folder, user.uid, user.gid);
  const spawnOptions = { ...user, cwd: folder };

  const port = await freePort();
  const flags = Object.entries({ ...SETTINGS, ...settings, port }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  let bin = programs.bin;
  const start = (): Promise<Daemon> =>
    startDaemon(join(bin, "postgres"), ["-D", data, ...flags], /ready to accept connections/, spawnOptions);

  let daemon: Daemon | undefined;
  try {
    if (user && programs.prefix) {
      // The checkout may be in a folder that only root may enter.
      cpSync(programs.prefix, join(folder, "postgres"), { recursive: true, verbatimSymlinks: true });
      bin = join(folder, "postgres/bin");
    }
    const init = ["-D", data, "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"];
    execFileSync(join(bin, "initdb"), init, { ...spawnOptions, stdio: "pipe" });
    daemon = await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }

  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async stop(signal = "SIGINT") {
      await daemon?.stop(signal);
      daemon = undefined;
    },
    async start() {
      daemon ??= await start();
    },
    async remove() {
      await daemon?.stop("SIGQUIT");
      daemon = undefined;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of initdb and postgres; of npm's, which may be moved, also the folder of all that they need. */
function postgresPrograms(): { bin: string; prefix?: string } {
  const initdb = installed("initdb");
  if (initdb !== undefined) return { bin: dirname(initdb) };
  const npm = npmPackage(POSTGRES);
  if (npm === undefined) throw new Error(`There is no initdb, npm has none for this machine: ${SERVERS_ADVICE}`);
  return { bin: join(npm, "native/bin"), prefix: join(npm, "native") };
}

/** Whom to run as instead of root, which PostgreSQL refuses to do. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
