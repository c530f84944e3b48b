import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";

/**
 * Applies the migrations that are still missing, in the order of their names, in one transaction and under a lock. If one fails, none is
 * applied, and its error is thrown.
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
