// Translates between node's requests and responses and those of Connect's protocol handlers.
import type { OutgoingHttpHeaders } from "node:http";
import type { ContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { reasonOfLeaving, requestTimeout } from "../../timeouts.ts";
import { noRoom } from "../errors.ts";
import type { HttpResponse } from "../http-handler.ts";
import type { PlainCall } from "./plain-call.ts";

/**
 * A request without its body. Its signal is aborted when the client leaves, and when its room is needed. Throws if target and host make no URL.
 */
export function universalRequest(call: PlainCall, values: ContextValues): Omit<UniversalServerRequest, "body"> {
  const { req, res, startedAt, connection } = call;
  const authority = req.headers[":authority"] ?? req.headers.host ?? "";
  const left = new AbortController();
  res.once("close", () => {
    if (!res.writableEnded)
      left.abort(reasonOfLeaving(performance.now() - startedAt, requestTimeout(req.headers).timeoutMs));
  });
  call.onEvict = (reason) => left.abort(reason);
  return {
    httpVersion: req.httpVersion,
    method: req.method ?? "",
    url: new URL(req.url ?? "/", `${connection.identity === undefined ? "http" : "https"}://${authority}`).toString(),
    header: requestHeader(req.headers),
    signal: left.signal,
    contextValues: values,
  };
}

function requestHeader(fields: NodeJS.Dict<string | string[]>): Headers {
  const header = new Headers();
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined || name.startsWith(":")) continue;
    for (const one of typeof value === "string" ? [value] : value) header.append(name, one);
  }
  return header;
}

/** Sends an answer, no faster than the client takes it. Ends the answer's iterator in any case. */
export async function sendUniversal({ status, header, body }: UniversalServerResponse, call: PlainCall): Promise<void> {
  const { res } = call;
  const chunks = body?.[Symbol.asyncIterator]();
  try {
    let next = await chunks?.next(); // before the head, since the handler may set headers until then
    if (call.closed) return;
    call.prepareAnswer();
    writeHead(res, status, header);
    for (; next !== undefined && next.done !== true; next = await chunks?.next()) {
      if (call.closed) return;
      if (!res.write(next.value)) await taken(call);
    }
    res.end();
  } finally {
    await chunks?.return?.();
  }
}

function writeHead(res: HttpResponse, status: number, header: Headers | undefined): void {
  const fields = Object.create(null) as OutgoingHttpHeaders; // a header may have any name, "constructor" too
  for (const [name, value] of header ?? []) {
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat().map(String);
  }
  res.writeHead(status, fields);
}

/** Resolves when the client has taken what was written, or is gone. Rejects if there is no room to wait for that. */
export function taken(call: PlainCall): Promise<void> {
  const { res, budget } = call;
  const bytes = call.untakenBytes;
  return new Promise((resolve, reject) => {
    if (!budget.hold(call, bytes)) {
      call.evict();
      reject(noRoom());
      return;
    }
    const done = () => {
      res.off("drain", done).off("close", done);
      budget.release(call, bytes);
      call.sequence = budget.nextSequence();
      resolve();
    };
    res.on("drain", done).on("close", done);
    if (call.closed) done();
  });
}
