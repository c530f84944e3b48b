import { cors as connectCors } from "@connectrpc/connect";
import type { HttpRequest, HttpResponse } from "../server/http-handler.ts";
import { writeHead } from "./send.ts";

export type CorsOptions = {
  /** Origins whose pages may call, such as "https://app.example.com"; "*", also in a list, means any. Default "*". Never with credentials. */
  readonly origins?: "*" | readonly string[];
  /** How long browsers may cache a preflight. Default 7200 s, which is the most that they do. */
  readonly maxAgeSeconds?: number;
};

const ALLOWED_HEADERS = [
  ...connectCors.allowedHeaders,
  "Authorization",
  "Idempotency-Key",
  "traceparent",
  "tracestate",
  "baggage",
];
const EXPOSED_HEADERS = [
  ...connectCors.exposedHeaders,
  "Idempotency-Key",
  "traceresponse",
  "Retry-After",
  "WWW-Authenticate",
  ...["Limit", "Remaining", "Reset", "Policy"].map((name) => `RateLimit-${name}`),
];
const ALLOWED_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Sets the CORS headers of an answer. If the request is a preflight, answers it and returns true. */
export type Cors = (req: HttpRequest, res: HttpResponse) => boolean;

/** CORS for Connect, gRPC-Web and REST alike. */
export function createCors({ origins = "*", maxAgeSeconds = 7200 }: CorsOptions = {}): Cors {
  const allowed = new Set(origins);
  const isOpen = allowed.has("*"); // true for the string "*" as well, whose one character is in the set
  const preflight = {
    "access-control-allow-methods": ALLOWED_METHODS.join(", "),
    "access-control-allow-headers": ALLOWED_HEADERS.join(", "),
    "access-control-max-age": String(maxAgeSeconds),
  };
  const exposed = EXPOSED_HEADERS.join(", ");
  return (req, res) => {
    const { origin } = req.headers;
    res.setHeader("vary", "origin");
    const isPreflight = req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined;
    if (origin !== undefined && (isOpen || allowed.has(origin))) {
      res.setHeader("access-control-allow-origin", isOpen ? "*" : origin);
      if (!isPreflight) res.setHeader("access-control-expose-headers", exposed);
    }
    if (!isPreflight || origin === undefined) return false;
    writeHead(req, res, 204, preflight);
    res.end();
    return true;
  };
}
