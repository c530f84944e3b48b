// What makes a PostgreSQL follow another one.
import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

const TIMEOUT_MS = 20_000;

const COPY = `mkdir -m 700 "$1" &&
  tar -C "$0" --exclude='./pg_wal/*' --exclude=./postmaster.pid -cf - . | tar -C "$1" -xf -`;
/** Settings that the other server was given since it was made are not this one's. */
const FINISH = `cat >"$0/backup_label" && : >"$0/postgresql.auto.conf" && : >"$0/standby.signal"`;

/**
 * Copies the cluster in the folder `from`, whose server is at `url`, to the folder `to`, for a server that is to follow. That is what
 * pg_basebackup does, which npm's PostgreSQL comes without. `options` say as whom.
 */
export async function copyCluster(url: string, from: string, to: string, options: ExecFileSyncOptions): Promise<void> {
  await asked(url, async (client) => {
    await client.query("select pg_backup_start('standby', true)");
    execFileSync("sh", ["-c", COPY, from, to], { ...options, stdio: "pipe" });
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    execFileSync("sh", ["-c", FINISH, to], { ...options, input: rows[0]!.labelfile });
  });
}

export const followingSettings = (port: number): Readonly<Record<string, string>> => ({
  primary_conninfo: `host=127.0.0.1 port=${port} user=postgres`,
  wal_retrieve_retry_interval: "100ms",
});

/** Has commits at `url` wait from now on until they are on the server that follows it. Resolves when they do. */
export async function waitForStandby(url: string): Promise<void> {
  await asked(url, async (client) => {
    await client.query("alter system set synchronous_standby_names = '*'");
    await client.query("select pg_reload_conf()");
    const until = performance.now() + TIMEOUT_MS;
    for (;;) {
      const { rowCount } = await client.query("select from pg_stat_replication where sync_state = 'sync'");
      if (rowCount === 1) return;
      if (performance.now() > until) throw new Error("no server follows");
      await delay(50);
    }
  });
}

/** Makes a server that follows another one its successor. Resolves when it takes writes. */
export async function promote(url: string): Promise<void> {
  await asked(url, (client) => client.query("select pg_promote()"));
}

async function asked(url: string, ask: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await ask(client);
  } finally {
    await client.end();
  }
}
