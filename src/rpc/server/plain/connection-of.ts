import { type ConnectionInfo, connectionInfoOf } from "../../connection-info.ts";
import type { HttpRequest } from "../http-handler.ts";

const KNOWN = new WeakMap<object, ConnectionInfo>();

/** The connection of a request, asked of the system once for all of its requests. */
export function connectionOf(req: HttpRequest): ConnectionInfo {
  const { socket } = req;
  let info = KNOWN.get(socket);
  if (info === undefined) {
    info = connectionInfoOf(socket, httpVersionOf(req));
    KNOWN.set(socket, info);
  }
  return info;
}

export function httpVersionOf({ httpVersion, httpVersionMajor }: HttpRequest): ConnectionInfo["httpVersion"] {
  if (httpVersionMajor === 2) return "2";
  return httpVersion === "1.0" ? "1.0" : "1.1";
}
