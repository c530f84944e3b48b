import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { RoleName } from "../../../src/roles.ts";
import { testDatabaseUrl } from "../../support/postgres.ts";
import type { Random } from "../../support/random.ts";
import type { Replicas } from "../../support/replicas.ts";
import type { StallingProxy } from "../../support/stalling-proxy.ts";

export type Target = {
  readonly shop: Replicas;
  /** Stands between all roles and their database. */
  readonly proxy: StallingProxy;
  /** The name of that database. */
  readonly database: string;
};

const KINDS = ["kill", "pause", "cut", "slow", "drop silently", "database away", "read-only", "clock skew"] as const;
const ROLES: readonly RoleName[] = ["gateway", "order", "order", "payment", "payment", "user"];
const HOUR_MS = 3_600_000;

/** A fault, decided beforehand, so that a seed gives the same ones however fast the machine is. */
export type Fault = {
  readonly kind: (typeof KINDS)[number];
  readonly role: RoleName;
  readonly replica: number;
  readonly lastsMs: number;
  /** From its end to the next one. */
  readonly restMs: number;
  readonly skewMs: number;
};

/** Faults for about so many milliseconds. Every eight have each kind, so that short runs see all of them. */
export function scheduleOf(random: Random, durationMs: number): Fault[] {
  const faults: Fault[] = [];
  let kinds: (typeof KINDS)[number][] = [];
  for (let at = 0; at < durationMs; ) {
    if (kinds.length === 0) kinds = [...KINDS];
    const [kind] = kinds.splice(Math.floor(random() * kinds.length), 1);
    const role = ROLES[Math.floor(random() * ROLES.length)]!;
    const lastsMs = Math.round(300 + random() * 2_500);
    const restMs = Math.round(random() * 1_500);
    const skewMs = random() < 0.5 ? HOUR_MS : -HOUR_MS;
    faults.push({ kind: kind!, role, replica: random() < 0.5 ? 0 : 1, lastsMs, restMs, skewMs });
    at += lastsMs + restMs;
  }
  return faults;
}

/** Does one fault and ends it. What it leaves is for the shop to repair. */
export async function inflict({ kind, role, replica, lastsMs, skewMs }: Fault, target: Target): Promise<void> {
  const { shop, proxy, database } = target;
  const process = shop.process(role, replica);
  switch (kind) {
    case "kill":
    case "clock skew":
      await process.kill("SIGKILL");
      await delay(lastsMs);
      return shop.restart(role, replica, kind === "kill" ? {} : { CLOCK_SKEW_MS: String(skewMs) });
    case "pause":
      void process.kill("SIGSTOP");
      await delay(lastsMs);
      return void process.kill("SIGCONT");
    case "cut":
      return proxy.resume();
    case "slow": // answers of the database are held back, and lost
      proxy.stall();
      await delay(lastsMs);
      return proxy.resume();
    case "drop silently":
      return proxy.forget();
    case "database away":
      await administer(`alter database ${database} allow_connections false`, terminating(database));
      await delay(lastsMs);
      return administer(`alter database ${database} allow_connections true`);
    case "read-only": // as after a failover, whose clients are told so until they come to the new primary
      await administer(`alter database ${database} set default_transaction_read_only = on`, terminating(database));
      await delay(lastsMs);
      return administer(`alter database ${database} reset default_transaction_read_only`, terminating(database));
  }
}

const terminating = (database: string) =>
  `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}' and pid <> pg_backend_pid()`;

async function administer(...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: testDatabaseUrl() });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
