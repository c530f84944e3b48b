import { setTimeout as delay } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { engineOf } from "./engine.ts";

/** A change of a schema. */
export type SchemaChange = Migration & {
  /**
   * Whether PostgreSQL applies it in no transaction, for what takes long on a large table and must not keep others from writing meanwhile. It
   * may be applied in part, if the process ends in the middle, and is then applied again.
   */
  readonly online?: boolean;
};

const LOCK_PAUSE_MS = 100;

/**
 * Applies the changes that are still missing, in the order of their names, under a lock. Neighbours that are not online are applied in one
 * transaction: if one of them fails, none is applied, and its error is thrown.
 */
export async function migrate<Schema>(
  db: Kysely<Schema>,
  role: string,
  changes: Readonly<Record<string, SchemaChange>>,
): Promise<void> {
  if (engineOf(db) === "sqlite" || (await missingIn(db, role, changes)).length === 0) {
    throwError(await migratorOf(db, role, changes).migrateToLatest());
    return;
  }
  await db.connection().execute(async (connection) => {
    if (!(await lock(connection, role, changes))) return;
    try {
      const migrator = migratorOf(connection, role, changes);
      const missing = await missingIn(connection, role, changes);
      for (const [i, name] of missing.entries()) {
        const online = changes[name]?.online === true;
        const next = missing[i + 1];
        if (!online && next !== undefined && changes[next]?.online !== true) continue; // goes with the next one
        throwError(await migrator.migrateTo(name, { disableTransactions: online }));
      }
    } finally {
      await sql`select pg_advisory_unlock(${lockId(role)})`.execute(connection);
    }
  });
}

/** The names of the changes that were not applied, in their order. */
async function missingIn<Schema>(
  db: Kysely<Schema>,
  role: string,
  changes: Readonly<Record<string, SchemaChange>>,
): Promise<string[]> {
  const all = await migratorOf(db, role, changes).getMigrations();
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
}

function migratorOf<Schema>(db: Kysely<Schema>, role: string, changes: Readonly<Record<string, SchemaChange>>) {
  return new Migrator({
    db,
    provider: { getMigrations: async () => changes },
    migrationTableName: `${role}_migration`,
    migrationLockTableName: `${role}_migration_lock`,
  });
}

/**
 * The migrator has a lock of its own, but waits for it in a statement. An index that is built online waits for all statements that began before
 * it, and with whoever waits for its lock each would wait for the other. False: it needs no lock any more, for others have applied everything.
 * Behind a pooler that gives each statement another connection, the lock of whoever did stays with one of those connections.
 */
async function lock<Schema>(
  connection: Kysely<Schema>,
  role: string,
  changes: Readonly<Record<string, SchemaChange>>,
): Promise<boolean> {
  const attempt = sql<{ locked: boolean }>`select pg_try_advisory_lock(${lockId(role)}) as locked`;
  while (!(await attempt.execute(connection)).rows[0]?.locked) {
    await delay(LOCK_PAUSE_MS);
    if ((await missingIn(connection, role, changes)).length === 0) return false;
  }
  return true;
}

const lockId = (role: string) => sql`hashtextextended(${`${role}_migration`}::text, 0)`;

function throwError({ error }: { readonly error?: unknown }): void {
  if (error !== undefined) throw error;
}
