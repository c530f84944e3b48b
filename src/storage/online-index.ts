import { type Kysely, type RawBuilder, sql } from "kysely";
import { engineOf } from "./engine.ts";

export type OnlineIndex = {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** Of the rows that it has. */
  readonly where: RawBuilder<boolean>;
};

/** Builds an index, on PostgreSQL while others write: for a SchemaChange that is `online`. What was left of an attempt before is replaced. */
export async function buildIndex<Schema>(
  db: Kysely<Schema>,
  { name, table, columns, where }: OnlineIndex,
): Promise<void> {
  await dropIndex(db, name);
  const list = sql.join(columns.map((column) => sql.ref(column)));
  await sql`create index ${concurrently(db)} ${sql.ref(name)} on ${sql.table(table)} (${list}) where ${where}`.execute(
    db,
  );
}

/** Drops an index, if there is one, in the same manner. */
export async function dropIndex<Schema>(db: Kysely<Schema>, name: string): Promise<void> {
  await sql`drop index ${concurrently(db)} if exists ${sql.ref(name)}`.execute(db);
}

const concurrently = <Schema>(db: Kysely<Schema>) => (engineOf(db) === "postgresql" ? sql`concurrently` : sql``);
