import type { IncomingHttpHeaders } from "node:http";
import { connectTimeoutMs, grpcTimeoutMs, MAX_TIMER_MS } from "../timeouts.ts";

/** The timeout in Connect-Timeout-Ms or grpc-timeout; undefined if there is none. Throws INVALID_ARGUMENT if it is invalid. */
export function requestTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const { "connect-timeout-ms": connect, "grpc-timeout": grpc } = headers;
  if (connect !== undefined) return Math.min(connectTimeoutMs(String(connect)), MAX_TIMER_MS);
  return grpc === undefined ? undefined : Math.min(grpcTimeoutMs(String(grpc)), MAX_TIMER_MS);
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
