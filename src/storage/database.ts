// A role's database: a file of SQLite, or PostgreSQL, behind one portable query builder.
import { basename } from "node:path";
import { Kysely, type LogEvent, PostgresDialect } from "kysely";
import type { Migration } from "kysely/migration";
import { migrate } from "./migrate.ts";
import { queryLog } from "./query-spans.ts";

/** What is behind a database; telemetry knows it by the same name. */
export type DatabaseEngine = "sqlite" | "postgresql";

/**
 * An open database.
 *
 * What is portable: columns of type `bigint` are BigInt in TypeScript, `integer` are numbers, `text` are strings; instants are
 * best kept as `bigint` milliseconds, booleans as `integer` 0 and 1, JSON as `text`. A computed integer, such as a count, is a
 * BigInt; `cast(sum(amount) as bigint)` makes PostgreSQL's sum of bigints one.
 */
export type Database<Schema> = {
  /**
   * The query builder. Inside `transaction().execute` use only the transaction that it passes: SQLite has one connection, for
   * which a statement outside would wait for ever. Statements of other callers wait their turn.
   */
  readonly db: Kysely<Schema>;
  readonly dialect: DatabaseEngine;
  /** Waits for what was begun, then closes the connections. May be called again. */
  close(): Promise<void>;
};

export type DatabaseOptions = {
  /** postgres:// or postgresql:// URL; none or an empty one means SQLite. Its parameters override the pool's settings. */
  readonly url?: string;
  /** Path of the SQLite file, which is created, with its directory, if missing. Not used with a url. */
  readonly file: string;
  /** Names the migration tables (`<role>_migration`), so that several roles can share one database, and the connections. */
  readonly role: string;
  /** By name; applied in the order of their names, in one transaction, once. Each must be portable. */
  readonly migrations: Record<string, Migration>;
  /** Most connections to PostgreSQL. Default: 10 */
  readonly poolMax?: number;
  /** Called after each query, in its caller's context. Default: makes spans and metrics by `queryLog` */
  readonly onQuery?: (event: LogEvent) => void;
};

const STATEMENT_TIMEOUT_MS = 10_000;

/**
 * Opens the database and brings its tables up to date. Several processes may do so at once: one migrates, the others wait.
 * Throws if the database cannot be reached (see `isUnavailable`) or a migration fails, which then leaves no trace.
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
    await db.destroy().catch(() => {}); // what could not be opened cannot be closed either
    throw new Error(`cannot open the database ${options.file}`, { cause: error });
  }
  return handle(db, "sqlite", async () => {
    // Its turn comes after all that was begun before: unlike a pool, the one connection would be closed under a transaction.
    await db.connection().execute(async () => {});
    await db.destroy();
  });
}

async function openPostgres<Schema>(options: DatabaseOptions, url: string): Promise<Database<Schema>> {
  const { createPool, serverOf } = await import("./postgres.ts");
  const pool = { url, applicationName: options.role };

  // Migrations, and waiting for another replica's, may take longer than any other statement.
  const migrating = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: createPool({ ...pool, max: 1, statementTimeoutMs: 0 }) }),
  });
  try {
    await migrate(migrating, options.role, options.migrations);
  } finally {
    await migrating.destroy();
  }

  const serving = createPool({ ...pool, max: options.poolMax ?? 10, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const log = options.onQuery ?? queryLog({ system: "postgresql", ...serverOf(url) });
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: serving }), log });
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
