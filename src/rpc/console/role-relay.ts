// Hands calls of the console's page on to the roles, which browsers do not reach. Only the page itself may make them.
import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Code, ConnectError } from "@connectrpc/connect";
import { httpStatusOf } from "../http-status.ts";
import { isReservedInHttp } from "../reserved-headers.ts";
import { send, writeHead } from "../rest/send.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../server/http-handler.ts";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import { statusName } from "../status-name.ts";

/** A role that can be reached. */
export type RelayedRole = {
  readonly name: string;
  /** Of http: or https:. */
  readonly url: string;
  /** For https:. */
  readonly tls?: ConnectionOptions | undefined;
};

export const RELAY_PREFIX = "/console/roles/";
const TARGET = /^\/console\/roles\/([^/]+)(\/[^/]+\/[^/]+)$/;
const ROUTE = `${RELAY_PREFIX}{workload}/{service}/{method}`;

/** Serves "/console/roles/<workload>/<package.Service>/<Method>", over Connect and gRPC-Web, by the same call of the workload. */
export function createRoleRelay(roles: readonly RelayedRole[]): HttpHandler {
  const byName = new Map(roles.map((role) => [role.name, role]));
  return (req, res) => {
    const [path = ""] = req.url?.split("?", 1) ?? [];
    if (!path.startsWith(RELAY_PREFIX)) return false;
    const [, name = "", method = ""] = TARGET.exec(path) ?? [];
    const role = byName.get(name);
    const call = plainCallOf(req);
    if (call !== undefined && role !== undefined) call.route = ROUTE;
    if (!isOwnPage(req)) refuse(req, res, Code.PermissionDenied, "only the page of the console may call roles");
    else if (role === undefined) refuse(req, res, Code.NotFound, "there is no such workload, or no method is named");
    else relay(req, res, role, method);
    return true;
  };
}

/**
 * Whether a request comes from a page of this very origin, or from no page. A page whose host is a name that leads here, but is no name of
 * this machine, is not ours: whoever owns the name could have sent it.
 */
function isOwnPage({ headers }: HttpRequest): boolean {
  const host = String(headers[":authority"] ?? headers.host ?? "");
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, "") : "";
  if (name !== "localhost" && isIP(name) === 0) return false;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}

function relay(req: HttpRequest, res: HttpResponse, { name, url, tls }: RelayedRole, path: string): void {
  const call = plainCallOf(req);
  call?.prepareAnswer(); // the request's span begins, and the role's is a child of it
  const traceparent = res.getHeader("traceresponse");
  const headers = {
    ...passedOn(req.headers),
    ...(traceparent !== undefined && { traceparent: String(traceparent) }),
  };
  const options = { method: req.method, headers, ...tls };
  const onward = (tls === undefined ? http : https).request(new URL(path, url), options);
  if (call !== undefined) call.streamsAnswer = true;
  onward.once("response", (answer) => {
    if (call?.closed) return;
    writeHead(req, res, answer.statusCode ?? 502, passedOn(answer.headers));
    answer.pipe(res);
    answer.once("error", () => res.destroy());
  });
  onward.once("error", () => {
    if (res.headersSent) res.destroy();
    else refuse(req, res, Code.Unavailable, `${name} cannot be reached`);
  });
  res.once("close", () => onward.destroy());
  (call?.source ?? req).pipe(onward);
}

/** Without those of this connection, of its host, and of HTTP/2. */
function passedOn(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => name === "content-type" || !(name.startsWith(":") || isReservedInHttp(name)),
    ),
  );
}

/** In the form of the protocol that was asked in. */
function refuse(req: HttpRequest, res: HttpResponse, code: Code, message: string): void {
  const kind = req.headers["content-type"] ?? "";
  if (kind.startsWith("application/grpc-web")) {
    send(req, res, 200, kind, "", { "grpc-status": String(code), "grpc-message": encodeURIComponent(message) });
    return;
  }
  const body = JSON.stringify({ code: statusName(code).toLowerCase(), message });
  send(req, res, httpStatusOf(new ConnectError(message, code)), "application/json", body);
}
