import { parseTimeout } from "../grpc/timeout.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;
const CONNECT_TIMEOUT = /^\d{1,10}$/;

/**
 * Lowers deadlines that are further off than a timer can be set, 25 days: connect-node gives them to setTimeout, for which all longer times are
 * 1 ms. What is no timeout is left, to be refused.
 */
export function boundTimeouts(header: Headers): void {
  const connect = header.get("connect-timeout-ms") ?? "";
  if (CONNECT_TIMEOUT.test(connect) && Number(connect) > MAX_TIMER_MS) {
    header.set("connect-timeout-ms", String(MAX_TIMER_MS));
  }
  const grpc = header.get("grpc-timeout");
  if (grpc !== null && isBeyond(grpc)) header.set("grpc-timeout", `${Math.floor(MAX_TIMER_MS / 1000)}S`);
}

function isBeyond(timeout: string): boolean {
  try {
    return parseTimeout(timeout) > MAX_TIMER_MS;
  } catch {
    return false;
  }
}
