// PostgreSQL connections: a pool with bounded waits, whose lost connections are replaced and never crash the process.
import pg from "pg";

/** Settings of a pool; parameters of the URL, such as ?statement_timeout=30000&sslmode=verify-full, have precedence. */
export type PoolOptions = {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Most connections. */
  readonly max: number;
  /** How long one statement may take, at the server, in milliseconds; 0 means for ever. */
  readonly statementTimeoutMs: number;
  /** How long a caller waits for a connection, in milliseconds. Default: 3000 */
  readonly connectionTimeoutMs?: number;
};

const IDLE_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;

/** A pool that connects on demand. Columns of type bigint read as BigInt. */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max,
    connectionTimeoutMillis: options.connectionTimeoutMs ?? 3000,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    statement_timeout: options.statementTimeoutMs,
    keepAlive: true,
    types: { getTypeParser },
  });
  // An "error" event without a listener would end the process. The pool has dropped the connection already; whoever used it
  // gets the error from the statement, so there is nothing more to do. The pool itself hears only of its idle connections.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** The names by which telemetry knows the database at a URL. */
export function serverOf(url: string): { namespace: string; address: string; port: number } {
  const { hostname, port, pathname } = new URL(url);
  return {
    namespace: decodeURIComponent(pathname.slice(1)),
    address: hostname || "localhost",
    port: port === "" ? 5432 : Number(port),
  };
}

/** The default of pg is a string, since a number would be inexact. */
function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  return oid === pg.types.builtins.INT8 && format !== "binary" ? BigInt : pg.types.getTypeParser(oid, format);
}
