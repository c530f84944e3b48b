import type { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import { isMessageTooLarge } from "../server/errors.ts";
import type { HttpRequest } from "../server/http-handler.ts";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import { readBody } from "../server/plain/read-body.ts";
import { httpError } from "./status.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/i;
const OTHER_CHARSET = /^\s*charset=(?!"?utf-8"?\s*$)/i;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a JSON body as text; "" if there is none. Rejects with a ConnectError: 415 for another content type, 413 for more than maxBytes, 400
 * for invalid UTF-8; and with the signal's reason if that is aborted.
 */
export async function readJsonText(req: HttpRequest, maxBytes: number, signal: AbortSignal): Promise<string> {
  const declared = req.headers["content-length"];
  if (declared === "0" || (declared === undefined && hasNoBody(req))) return "";
  checkType(req);
  return decode(await readBytes(req, maxBytes, signal));
}

/** HTTP/1.1 announces a body; in HTTP/2, END_STREAM says that there is none. */
function hasNoBody(req: HttpRequest): boolean {
  return "stream" in req ? req.endsWithHead : req.headers["transfer-encoding"] === undefined;
}

function checkType({ headers }: HttpRequest): void {
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") throw httpError(415, Code.InvalidArgument, "content encoding is not supported");
  const type = headers["content-type"];
  if (type !== "application/json" && !isJson(type)) {
    throw httpError(415, Code.InvalidArgument, "content type must be application/json");
  }
}

function isJson(contentType = ""): boolean {
  const [type = "", ...parameters] = contentType.split(";");
  return JSON_TYPE.test(type.trim()) && !parameters.some((p) => OTHER_CHARSET.test(p));
}

async function readBytes(req: HttpRequest, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const call = plainCallOf(req);
  if (call === undefined) throw new Error("the request came by no RPC server");
  try {
    return await readBody(call, maxBytes, signal);
  } catch (error) {
    throw isMessageTooLarge(error) ? tooLarge(maxBytes) : error;
  }
}

function decode(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new ConnectError("the body is not UTF-8", Code.InvalidArgument);
  }
}

const tooLarge = (maxBytes: number) =>
  httpError(413, Code.ResourceExhausted, `the body is larger than ${maxBytes} bytes`);
