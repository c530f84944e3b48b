// A database behind a portable query builder: a SQLite file, or PostgreSQL.
import { basename } from "node:path";
import { Kysely, type LogEvent, PostgresDialect } from "kysely";
import type { DatabaseEngine } from "./engine.ts";
import { migrate, type SchemaChange } from "./migrate.ts";
import { queryLog } from "./query-spans.ts";
import { cancellingClient } from "./statement-cancels.ts";

/**
 * An open database.
 *
 * Portable column types: `bigint` (BigInt in TypeScript), `integer` (number) and `text` (string). Store instants as `bigint` milliseconds,
 * booleans as `integer` 0 or 1, JSON as `text`. Computed integers, such as counts, are BigInt; PostgreSQL's sum of bigints needs
 * `cast(sum(amount) as bigint)` for that.
 */
export type Database<Schema> = {
  /**
   * The query builder. Inside `transaction().execute`, use only the transaction object: SQLite has a single connection, so any other
   * statement would wait for it forever.
   */
  readonly db: Kysely<Schema>;
  readonly dialect: DatabaseEngine;
  /** Waits for running statements and transactions, then closes all connections. May be called more than once. */
  close(): Promise<void>;
};

export type DatabaseOptions = {
  /** A postgres:// or postgresql:// URL, whose parameters override the pool's settings. None, or an empty one: SQLite. */
  readonly url?: string;
  /** Path of the SQLite file; it and its directory are created if missing. Ignored if there is a url. */
  readonly file: string;
  /** Names the connections and the migration tables (`<role>_migration`), so that roles can share a database. */
  readonly role: string;
  /** Applied once, in the order of their names: in one transaction, but for those that are online. They must work on both engines. */
  readonly migrations: Readonly<Record<string, SchemaChange>>;
  /** Largest number of connections to PostgreSQL. Default: 10 */
  readonly poolMax?: number;
  /** Called after each query, in its caller's context. Default: `queryLog`, which makes spans and metrics */
  readonly onQuery?: (event: LogEvent) => void;
};

/** With the second that the answer gets, a dead connection is noticed within ten. */
const STATEMENT_TIMEOUT_MS = 9000;

/**
 * Opens the database and migrates it. If several processes do so at once, one migrates and the others wait. Throws if the database cannot
 * be reached (see `isUnavailable`) or a migration fails, which then, unless it is online, changes nothing.
 */
export async function openDatabase<Schema>(options: DatabaseOptions): Promise<Database<Schema>> {
  return options.url ? openPostgres(options, options.url) : openSqlite(options);
}

async function openSqlite<Schema>(options: DatabaseOptions): Promise<Database<Schema>> {
  const { sqliteDialect } = await import("./sqlite-dialect.ts");
  const log = options.onQuery ?? queryLog({ system: "sqlite", namespace: basename(options.file) });
  const db = new Kysely<Schema>({ dialect: sqliteDialect(options.file), log });
  try {
    await migrate(db, options.role, options.migrations);
  } catch (error) {
    await db.destroy().catch(() => {}); // fails, too, if the file could not be opened
    throw new Error(`cannot open the database ${options.file}`, { cause: error });
  }
  return handle(db, "sqlite", async () => {
    // Waits for its turn, after everything that is running: destroy() alone would close the connection in the middle of a transaction.
    await db.connection().execute(async () => {});
    await db.destroy();
  });
}

async function openPostgres<Schema>(options: DatabaseOptions, url: string): Promise<Database<Schema>> {
  const { createPool, serverOf } = await import("./postgres.ts");
  const pool = { url, applicationName: options.role };

  // Without a timeout, since a migration, or waiting for another replica to migrate, may take long.
  const migrating = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: createPool({ ...pool, max: 1, statementTimeoutMs: 0 }) }),
  });
  try {
    await migrate(migrating, options.role, options.migrations);
  } finally {
    await migrating.destroy();
  }

  const limits = { max: options.poolMax ?? 10, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  const serving = createPool({ ...pool, ...limits, measured: true });
  const log = options.onQuery ?? queryLog({ system: "postgresql", ...serverOf(url) });
  const dialect = new PostgresDialect({ pool: serving, controlClient: cancellingClient(serving) });
  const db = new Kysely<Schema>({ dialect, log });
  return handle(db, "postgresql", () => db.destroy());
}

function handle<Schema>(db: Kysely<Schema>, dialect: DatabaseEngine, close: () => Promise<void>): Database<Schema> {
  let closing: Promise<void> | undefined;
  return {
    db,
    dialect,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
