import { type ConnectionInfo, connectionInfoOf } from "../../connection-info.ts";
import type { HttpRequest } from "../http-handler.ts";

const KNOWN = new WeakMap<object, ConnectionInfo>();

/** The connection of a request, asked of the system once for all of its requests. */
export function connectionOf(req: HttpRequest): ConnectionInfo {
  const key = "stream" in req ? (req.stream.session ?? req.stream) : req.socket;
  let info = KNOWN.get(key);
  if (info === undefined) {
    const socket = "stream" in req ? req.stream.session?.socket : req.socket;
    info = connectionInfoOf(socket ?? {}, httpVersionOf(req));
    KNOWN.set(key, info);
  }
  return info;
}

export function httpVersionOf({ httpVersion, httpVersionMajor }: HttpRequest): ConnectionInfo["httpVersion"] {
  if (httpVersionMajor === 2) return "2";
  return httpVersion === "1.0" ? "1.0" : "1.1";
}
