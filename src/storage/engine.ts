import { type Kysely, PostgresAdapter } from "kysely";

/** The engine, by the name that telemetry has for it. */
export type DatabaseEngine = "sqlite" | "postgresql";

/** The engine behind a query builder, for stores that use what only one of them has. */
export function engineOf<Schema>(db: Kysely<Schema>): DatabaseEngine {
  return db.getExecutor().adapter instanceof PostgresAdapter ? "postgresql" : "sqlite";
}
