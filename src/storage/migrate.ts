import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";

/**
 * Applies the migrations that the database has not had, in the order of their names, all in one transaction under a lock.
 * Throws the first failure's error; nothing is applied then.
 */
export async function migrate<Schema>(
  db: Kysely<Schema>,
  role: string,
  migrations: Record<string, Migration>,
): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: `${role}_migration`,
    migrationLockTableName: `${role}_migration_lock`,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
