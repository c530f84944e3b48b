// A Kysely dialect over node:sqlite, with one connection, which Kysely's mutex gives to one statement or transaction at a time.
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type QueryResult,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from "kysely";
import { isBusy } from "./errors.ts";
import { openSqlite } from "./sqlite.ts";

export type SqliteOptions = {
  /** How long another process may hold its lock until statements that wait for it fail. Default: 5000 */
  readonly busyTimeoutMs?: number;
};

/** A dialect for the database in `file`; it and its directory are created if missing. */
export function sqliteDialect(file: string, options: SqliteOptions = {}): Dialect {
  return {
    createAdapter: () => new TransactionalDdlAdapter(),
    createDriver: () => new PatientDriver(file, options.busyTimeoutMs ?? 5000),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Lets Kysely migrate within a transaction. That holds SQLite's write lock, so that processes migrate one after the other. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class PatientDriver extends SqliteDriver {
  readonly #busyTimeoutMs: number;
  readonly #turn = new LoopShare();
  #connection: PatientConnection | undefined;

  constructor(file: string, busyTimeoutMs: number) {
    super({
      database: async () => openSqlite(file),
      onCreateConnection: async (connection) => {
        const patient = new PatientConnection(connection, busyTimeoutMs);
        await patient.executeQuery(CompiledQuery.raw("pragma journal_mode = wal"));
        // A commit is on disk when it returns: after a power failure, one service must not have forgotten what another remembers.
        await patient.executeQuery(CompiledQuery.raw("pragma synchronous = full"));
      },
    });
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#turn.isUsedUp()) await nextTurn();
    this.#connection ??= new PatientConnection(await super.acquireConnection(), this.#busyTimeoutMs);
    return this.#connection;
  }

  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    // A deferred transaction that reads, then writes, fails at once if another process wrote in between, however long it would wait.
    const begin = settings?.accessMode === "read only" ? "begin" : "begin immediate";
    await connection.executeQuery(CompiledQuery.raw(begin));
  }
}

/** Statements in a row may keep the event loop from everything else for so long. */
const LONGEST_ROW_MS = 10;

/** SQLite's calls wait for the disk, and the next one begins as soon as the last has ended: hundreds may follow each other in one turn. */
class LoopShare {
  #since = 0;

  /** Whether the next statement should leave others a turn of the event loop first. */
  isUsedUp(): boolean {
    const now = performance.now();
    if (this.#since > 0) return now - this.#since > LONGEST_ROW_MS;
    this.#since = now;
    setImmediate(() => {
      this.#since = 0;
    });
    return false;
  }
}

/** Nobody has found a lock for so long: it is not the one that was found before. */
const FREE_MS = 1000;

/** Waits for other processes' locks; unlike SQLite's own busy_timeout, without blocking the event loop. */
class PatientConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection;
  readonly #busyTimeoutMs: number;
  #waiting: AbortController | undefined;
  /** Since when others hold a lock, and when that was last seen, as far as is known. */
  #busy = { since: 0, seen: Number.NEGATIVE_INFINITY };

  constructor(inner: DatabaseConnection, busyTimeoutMs: number) {
    this.#inner = inner;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    this.#waiting = undefined;
    for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 32)) {
      try {
        const result = await this.#inner.executeQuery<R>(query);
        if (this.#waiting !== undefined || result.numAffectedRows !== undefined)
          this.#busy.seen = Number.NEGATIVE_INFINITY;
        return result;
      } catch (error) {
        if (!isBusy(error) || this.#isBusyForLong()) throw error;
        this.#waiting ??= new AbortController();
        const pause = delay(pauseMs * (0.5 + Math.random()), undefined, { signal: this.#waiting.signal });
        await pause.catch(() => Promise.reject(error));
      }
    }
  }

  /** If each of many statements waited for a lock for as long, the last ones would for hours. */
  #isBusyForLong(): boolean {
    const now = performance.now();
    if (now - this.#busy.seen > FREE_MS) this.#busy.since = now;
    this.#busy.seen = now;
    return now - this.#busy.since > this.#busyTimeoutMs;
  }

  /** Ends the wait of the statement that is under way. */
  async cancelQuery(): Promise<void> {
    this.#waiting?.abort();
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#inner.streamQuery<R>(query, chunkSize);
  }
}
