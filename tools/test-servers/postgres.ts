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
  wal_keep_size: "64MB",
  shared_buffers: "32MB",
};

export type PostgresServer = TestServer & {
  /**
   * Starts a server that follows this one, and that can be read, but not written to until it is promoted. From then on, what this one commits
   * with synchronous_commit is on both. Ask this of one that has no such server.
   */
  startStandby(): Promise<PostgresServer>;
};

/** Starts a PostgreSQL with an empty cluster on a free loopback port, with settings instead of those or beside them. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const home = createHome();
  try {
    const init = ["-D", home.data, "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"];
    execFileSync(join(home.bin, "initdb"), init, { ...home.spawnOptions, stdio: "pipe" });
    return await serve(home, { ...SETTINGS, ...settings });
  } catch (error) {
    home.remove();
    throw error;
  }
}

type Home = ReturnType<typeof createHome>;

/** A folder for a cluster, and the programs and the user to run it with. */
function createHome() {
  const programs = postgresPrograms();
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-postgres-"));
  if (user) chownSync(folder, user.uid, user.gid);
  let { bin } = programs;
  if (user && programs.prefix) {
    // The checkout may be in a folder that only root may enter.
    cpSync(programs.prefix, join(folder, "postgres"), { recursive: true, verbatimSymlinks: true });
    bin = join(folder, "postgres/bin");
  }
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return { data: join(folder, "data"), bin, spawnOptions: { ...user, cwd: folder }, remove };
}

async function serve(home: Home, settings: Readonly<Record<string, string>>): Promise<PostgresServer> {
  const { data, bin, spawnOptions } = home;
  const port = await freePort();
  const flags = Object.entries({ ...settings, port }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const start = (): Promise<Daemon> =>
    startDaemon(
      join(bin, "postgres"),
      ["-D", data, ...flags],
      /ready to accept (read-only )?connections/,
      spawnOptions,
    );
  let daemon: Daemon | undefined = await start();
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  return {
    url,
    async stop(signal = "SIGINT") {
      await daemon?.stop(signal);
      daemon = undefined;
    },
    async start() {
      daemon ??= await start();
    },
    async startStandby() {
      const { copyCluster, followingSettings, waitForStandby } = await import("./postgres-standby.ts"); // needs a package
      const copy = createHome();
      try {
        await copyCluster(url, home.data, copy.data, copy.spawnOptions);
        const standby = await serve(copy, { ...settings, ...followingSettings(port) });
        await waitForStandby(url);
        return standby;
      } catch (error) {
        copy.remove();
        throw error;
      }
    },
    async remove() {
      await daemon?.stop("SIGQUIT");
      daemon = undefined;
      home.remove();
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
