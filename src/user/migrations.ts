import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { DatabaseEngine } from "../storage/engine.ts";

const BATCH = 500;

/** The user role's schema, one migration per change, with demo users 1 to demoUsers. A released migration is never edited. */
export function userMigrations(engine: DatabaseEngine, demoUsers: number): Record<string, Migration> {
  return {
    "001_users": {
      async up(db: Kysely<unknown>) {
        await db.schema
          .createTable("users")
          // Ids are never reused, even if the newest user was deleted.
          .addColumn("id", engine === "sqlite" ? "integer" : "bigint", (c) =>
            engine === "sqlite" ? c.primaryKey().autoIncrement() : c.primaryKey().generatedByDefaultAsIdentity(),
          )
          .addColumn("name", "varchar(200)", (c) => c.notNull())
          .addColumn("email", "varchar(254)", (c) => c.notNull().unique())
          .addColumn("created_at", "bigint", (c) => c.notNull())
          .execute();
        await seed(db as Kysely<Seeded>, demoUsers);
        if (engine === "postgresql" && demoUsers > 0) {
          await sql`alter table users alter column id restart with ${sql.lit(demoUsers + 1)}`.execute(db);
        }
      },
    },
  };
}

type Seeded = { users: { id: number; name: string; email: string; created_at: number } };

async function seed(db: Kysely<Seeded>, count: number): Promise<void> {
  const created_at = Date.now();
  for (let first = 1; first <= count; first += BATCH) {
    const length = Math.min(BATCH, count - first + 1);
    const users = Array.from({ length }, (_, i) => first + i).map((id) => ({
      id,
      name: `User ${id}`,
      email: `user${id}@example.com`,
      created_at,
    }));
    await db.insertInto("users").values(users).execute();
  }
}
