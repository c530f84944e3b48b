// A pool of PostgreSQL connections. Waits are bounded, and lost connections are replaced without crashing the process.
import pg from "pg";
import { measurePool } from "./pool-metrics.ts";
import { statementPreparer } from "./prepared-statements.ts";
import { endSilentConnections } from "./silent-connections.ts";

/** Parameters of the URL, such as ?statement_timeout=30000&sslmode=verify-full, take precedence. */
export type PoolOptions = {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Largest number of connections. */
  readonly max: number;
  /**
   * Time that the server allows for one statement, in milliseconds; 0: no limit. An answer that has not come a second later will not come:
   * the statement fails, and its connection ends.
   */
  readonly statementTimeoutMs: number;
  /** Time that a caller waits for a connection, in milliseconds. Default: 3000 */
  readonly connectionTimeoutMs?: number;
  /** Whether metrics tell of it. Default: false */
  readonly measured?: boolean;
};

/** The server says by itself that it has ended a statement, if it can. */
const ANSWER_GRACE_MS = 1000;
/** No transaction here takes so long. Whoever waits for one that hangs must not hold a connection, which others need. */
const LOCK_TIMEOUT_MS = 3000;
const IDLE_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;

/** A pool that connects on demand. Columns of type bigint are read as BigInt. */
export function createPool(options: PoolOptions): pg.Pool {
  const statementTimeoutMs = Number(
    new URL(options.url).searchParams.get("statement_timeout") ?? options.statementTimeoutMs,
  );
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max,
    connectionTimeoutMillis: options.connectionTimeoutMs ?? 3000,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs > 0 ? LOCK_TIMEOUT_MS : undefined,
    query_timeout: statementTimeoutMs > 0 ? statementTimeoutMs + ANSWER_GRACE_MS : undefined,
    keepAlive: true,
    types: { getTypeParser },
  });
  // An "error" event without a listener would end the process. There is nothing to do: the pool has dropped the connection, and whoever
  // was using it gets the error from the statement. The pool itself emits errors of idle connections only.
  pool.on("error", () => {});
  const prepare = wantsPrepared(options.url) ? statementPreparer() : undefined;
  pool.on("connect", (client) => {
    client.on("error", () => {});
    endSilentConnections(client);
    prepare?.(client);
  });
  if (options.measured) measurePool(pool, poolName(options.url));
  return pool;
}

/** Whether statements may be prepared: behind a pooler that gives each transaction another connection, the URL says ?prepared_statements=off. */
const wantsPrepared = (url: string): boolean => new URL(url).searchParams.get("prepared_statements") !== "off";

/** What telemetry says about the database at a URL. */
export function serverOf(url: string): { namespace: string; address: string; port: number } {
  const { hostname, port, pathname } = new URL(url);
  return {
    namespace: decodeURIComponent(pathname.slice(1)),
    address: hostname || "localhost",
    port: port === "" ? 5432 : Number(port),
  };
}

/** By the semantic conventions. */
function poolName(url: string): string {
  const { namespace, address, port } = serverOf(url);
  return `${address}:${port}/${namespace}`;
}

/** BigInt for int8, which pg reads as a string by default. */
function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  return oid === pg.types.builtins.INT8 && format !== "binary" ? BigInt : pg.types.getTypeParser(oid, format);
}
