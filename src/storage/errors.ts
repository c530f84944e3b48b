// What database errors mean, judged by the codes of both engines. An error's causes count as well.

type DriverError = Error & { readonly code?: unknown; readonly errcode?: unknown };

const PG_UNIQUE_VIOLATION = "23505";
const SQLITE_CONSTRAINT_UNIQUE = 2067;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_BUSY = 5;

/** Primary codes of SQLite, the low byte of extended ones. */
const SQLITE_UNAVAILABLE = new Set([
  SQLITE_BUSY,
  6, // LOCKED
  8, // READONLY
  10, // IOERR
  13, // FULL
]);

/**
 * Codes of PostgreSQL and of sockets for a server that is down, shutting down, or cannot do what it was asked now: it is a standby, as after a
 * failover, or has cancelled the statement, which took too long or waited for another.
 */
const UNAVAILABLE_CODES = new Set([
  "25006", // read_only_sql_transaction
  "25P03", // idle_in_transaction_session_timeout
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "55000", // object_not_in_prerequisite_state: the database takes no connections now
  "55P03", // lock_not_available
  "57014", // query_canceled
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57P05", // idle_session_timeout
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Class 08: connection exceptions. Class 53: out of connections, memory or disk. Class 58: errors of the system, such as input and output. */
const UNAVAILABLE_CLASS = /^(?:08|53|58)[0-9A-Z]{3}$/;

/** Connection errors of the pg driver itself, which have no code. */
const UNAVAILABLE_MESSAGE =
  /^(Connection terminated|Client has encountered a connection error|Client was closed and is not queryable|timeout exceeded when trying to connect|timeout expired|Query read timeout)/;

/** Whether a row with the same primary or unique key exists already. */
export function isUniqueViolation(error: unknown): boolean {
  return causes(error).some(
    ({ code, errcode }) =>
      code === PG_UNIQUE_VIOLATION || errcode === SQLITE_CONSTRAINT_UNIQUE || errcode === SQLITE_CONSTRAINT_PRIMARYKEY,
  );
}

/**
 * Whether the database could not be reached or was too busy, so that a later attempt may succeed. It is unknown whether a statement that
 * was running took effect.
 */
export function isUnavailable(error: unknown): boolean {
  return causes(error).some((each) => {
    if (typeof each.errcode === "number") return SQLITE_UNAVAILABLE.has(each.errcode & 0xff);
    if (typeof each.code !== "string") return UNAVAILABLE_MESSAGE.test(each.message);
    return UNAVAILABLE_CODES.has(each.code) || UNAVAILABLE_CLASS.test(each.code);
  });
}

/** Whether SQLite was locked by another connection. Nothing was changed, so the statement can be repeated. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && (error as DriverError).errcode === SQLITE_BUSY;
}

function causes(error: unknown): DriverError[] {
  const chain: DriverError[] = [];
  for (let each = error; each instanceof Error && chain.length < 8; each = each.cause) chain.push(each);
  return chain;
}
