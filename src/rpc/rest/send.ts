import { Buffer } from "node:buffer";
import type { OutgoingHttpHeaders } from "node:http";
import type { Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { internalError } from "../errors.ts";
import { httpStatusOf } from "../http-status.ts";
import { isReservedInHttp } from "../reserved-headers.ts";
import type { HttpRequest, HttpResponse } from "../server/http-handler.ts";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import { statusJson } from "./status.ts";

/** Headers that a handler has set. REST has no trailers, so they are sent as headers, too. */
export type AnswerHeaders = {
  readonly addedHeader: Headers | undefined;
  readonly addedTrailer: Headers | undefined;
};

const NONE: OutgoingHttpHeaders = {};

/** Sends JSON text. To HEAD, only the headers. */
export function sendJson(
  req: HttpRequest,
  res: HttpResponse,
  status: number,
  body: string,
  headers?: AnswerHeaders,
): void {
  const out = answerHeaders(NONE, headers?.addedHeader, headers?.addedTrailer);
  send(req, res, status, "application/json", body, out);
}

/**
 * Sends an error as google.rpc.Status in JSON. Its metadata become headers, unless they are those of a peer. What is not a ConnectError is
 * sent as "internal error".
 */
export function sendError(
  req: HttpRequest,
  res: HttpResponse,
  reason: unknown,
  registry: Registry,
  headers?: AnswerHeaders,
  extra: OutgoingHttpHeaders = {},
): void {
  const error = shownError(reason);
  const metadata = error.isWireError ? undefined : error.metadata;
  const out = answerHeaders(extra, headers?.addedHeader, headers?.addedTrailer, metadata);
  send(req, res, httpStatusOf(error), "application/json", JSON.stringify(statusJson(error, registry)), out);
}

/** What a client may see of an error: what is not a ConnectError is "internal error". */
export function shownError(reason: unknown): ConnectError {
  return reason instanceof ConnectError ? reason : internalError(reason);
}

/** Sends a body of any type, or ends the connection if the server holds too many answers that nobody takes. */
export function send(
  req: HttpRequest,
  res: HttpResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
): void {
  const bytes = Buffer.byteLength(body);
  if (plainCallOf(req)?.holdAnswer(bytes) === false) return;
  headers["content-type"] = contentType;
  headers["content-length"] = bytes;
  writeHead(req, res, status, headers);
  if (req.method === "HEAD") res.end();
  else res.end(body);
}

/** Nothing of an answer may be run or framed by a page that shows it. */
const NO_CONTENT = "default-src 'none'; frame-ancestors 'none'";
const A_YEAR = "max-age=31536000";

/**
 * Writes the head of an answer, with what tells browsers to take it for nothing but data, not to keep it, and to come over TLS again if they
 * did.
 */
export function writeHead(req: HttpRequest, res: HttpResponse, status: number, headers: OutgoingHttpHeaders): void {
  const call = plainCallOf(req);
  call?.prepareAnswer();
  headers["cache-control"] ??= "no-store";
  headers["content-security-policy"] ??= NO_CONTENT;
  headers["x-content-type-options"] = "nosniff";
  if (call?.connection.identity !== undefined) headers["strict-transport-security"] = A_YEAR;
  res.writeHead(status, headers);
}

/** Headers of our own and those that a handler has set, but for those that are not its to set. */
export function answerHeaders(own: OutgoingHttpHeaders, ...set: (Headers | undefined)[]): OutgoingHttpHeaders {
  if (set.every((headers) => headers === undefined)) return { ...own };
  const out = Object.assign(Object.create(null) as OutgoingHttpHeaders, own); // a header may have any name, "__proto__" too
  for (const [name, value] of set.flatMap((headers) => [...(headers ?? [])])) {
    if (isReservedInHttp(name) || name === "content-encoding") continue;
    const before = out[name];
    out[name] = name === "set-cookie" && before !== undefined ? [before, value].flat().map(String) : value;
  }
  return out;
}
