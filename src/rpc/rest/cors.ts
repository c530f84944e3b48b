import { cors as connectCors } from "@connectrpc/connect";
import type { HttpRequest, HttpResponse } from "../server/http-handler.ts";
import { writeHead } from "./send.ts";

export type CorsOptions = {
  /**
   * Origins whose pages may call, such as "https://shop.example.com"; "*", also as one of several, is any. Default "*". Credentials are never
   * allowed.
   */
  readonly origins?: "*" | readonly string[];
  /** How long browsers may keep the answer to a preflight. Default 7200 s, the most that browsers keep. */
  readonly maxAgeSeconds?: number;
};

const ALLOWED_HEADERS = [...connectCors.allowedHeaders, "Idempotency-Key", "traceparent", "tracestate", "baggage"];
const EXPOSED_HEADERS = [...connectCors.exposedHeaders, "Idempotency-Key", "traceresponse"];
const ALLOWED_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Sets the CORS headers of the answer to a request; answers it, and gives true, if it is a preflight. */
export type Cors = (req: HttpRequest, res: HttpResponse) => boolean;

/** CORS for Connect, gRPC-Web and REST alike. */
export function createCors({ origins = "*", maxAgeSeconds = 7200 }: CorsOptions = {}): Cors {
  const allowed = new Set(origins);
  const isOpen = allowed.has("*"); // of "*" too, the one character of which is in the set
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
    writeHead(res, 204, preflight);
    res.end();
    return true;
  };
}
