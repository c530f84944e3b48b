import { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import type { HttpRequest } from "../server/http-handler.ts";
import { httpError } from "./status.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/i;
const OTHER_CHARSET = /^\s*charset=(?!"?utf-8"?\s*$)/i;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a JSON body as text; "" if there is none. Rejects with a ConnectError: 415 if it is something else, 413 if it
 * has more than maxBytes, 400 if it is no UTF-8, and with the signal's reason if that is aborted meanwhile. What is not
 * read is thrown away.
 */
export async function readJsonText(req: HttpRequest, maxBytes: number, signal: AbortSignal): Promise<string> {
  const declared = req.headers["content-length"];
  if (declared === "0" || (declared === undefined && hasNoBody(req))) return "";
  try {
    checkType(req);
    if (Number(declared) > maxBytes) throw tooLarge(maxBytes);
    return decode(await readBytes(req, maxBytes, signal));
  } catch (error) {
    req.resume();
    throw error;
  }
}

/** HTTP/1.1 announces a body; HTTP/2 says with END_STREAM that there is none. */
function hasNoBody(req: HttpRequest): boolean {
  return "stream" in req ? req.stream.endAfterHeaders : req.headers["transfer-encoding"] === undefined;
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

function readBytes(req: HttpRequest, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) finish(() => reject(tooLarge(maxBytes)));
    };
    const onEnd = () =>
      finish(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)));
    const onAbort = () => finish(() => reject(signal.reason));
    const onError = () => finish(() => reject(new ConnectError("the request was cut off", Code.Canceled)));
    const finish = (settle: () => void) => {
      req.off("data", onData).off("end", onEnd);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    req.on("data", onData).on("end", onEnd).on("error", onError);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
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
