import { randomBytes } from "node:crypto";

/** Ids that one call of randomBytes() is good for: made one by one, ids would take longer than all else about a span that is not recorded. */
const POOL_BYTES = 1024;
const SPAN_ID_DIGITS = 16;

let pool = "";
let at = 0;

/** A random span id, 16 hex digits. */
export const newSpanId = (): string => take(SPAN_ID_DIGITS);

/** A random trace id, 32 hex digits. */
export const newTraceId = (): string => take(2 * SPAN_ID_DIGITS);

function take(digits: number): string {
  if (at + digits > pool.length) {
    pool = randomBytes(POOL_BYTES).toString("hex");
    at = 0;
  }
  const id = pool.slice(at, at + digits);
  at += digits;
  return id;
}
