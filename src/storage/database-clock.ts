import { type Kysely, type RawBuilder, sql } from "kysely";
import { engineOf } from "./engine.ts";

/**
 * The database's own time when a statement began, in milliseconds since the epoch, for whatever several processes must agree on: their clocks
 * differ. An index can be searched with it.
 */
export function databaseNow<Schema>(db: Kysely<Schema>): RawBuilder<bigint> {
  return engineOf(db) === "postgresql"
    ? sql<bigint>`(extract(epoch from statement_timestamp()) * 1000)::bigint`
    : sql<bigint>`cast(unixepoch('subsec') * 1000 as integer)`;
}
