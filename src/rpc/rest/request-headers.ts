import type { IncomingHttpHeaders } from "node:http";

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
