import type { IncomingHttpHeaders } from "node:http";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";

/** The longest delay of a timer; a longer one would fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * The time that a client allows in Connect-Timeout-Ms or grpc-timeout; undefined if it does not say. Throws a
 * ConnectError if it is malformed.
 */
export function requestTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const connect = headers["connect-timeout-ms"];
  const grpc = headers["grpc-timeout"];
  const { timeoutMs, error } =
    connect === undefined
      ? parseGrpcTimeout(typeof grpc === "string" ? grpc : null, Number.MAX_VALUE)
      : parseConnectTimeout(String(connect), Number.MAX_VALUE);
  if (error !== undefined) throw error;
  return timeoutMs === undefined ? undefined : Math.min(timeoutMs, MAX_TIMEOUT_MS);
}

/** The headers of a request without the pseudo-headers of HTTP/2. */
export function headerPairs(headers: IncomingHttpHeaders): [string, string][] {
  const pairs: [string, string][] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || name.startsWith(":")) continue;
    pairs.push([name, typeof value === "string" ? value : value.join(", ")]);
  }
  return pairs;
}
