// Hands calls of the console's page on to the roles, which browsers do not reach. Only the page itself may make them.
import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Code, ConnectError } from "@connectrpc/connect";
import { hostOf } from "../client/peer.ts";
import { httpStatusOf } from "../http-status.ts";
import { splitTarget } from "../request-target.ts";
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
/** Nothing in it can be read as another host, or as a way up. */
const TARGET = /^\/console\/roles\/([\w-]+)(\/[\w.]+\/\w+)$/;
const ROUTE = `${RELAY_PREFIX}{workload}/{service}/{method}`;

export type RoleRelay = {
  /** Serves "/console/roles/<workload>/<package.Service>/<Method>", over Connect and gRPC-Web, by the same call of the workload. */
  readonly handle: HttpHandler;
  /** Cuts what is under way: streams would go on for ever. */
  stop(): void;
};

export function createRoleRelay(roles: readonly RelayedRole[]): RoleRelay {
  const byName = new Map(roles.map((role) => [role.name, role]));
  const open = new Set<HttpResponse>();
  return {
    handle(req, res) {
      const { path, query } = splitTarget(req.url ?? "");
      if (!path.startsWith(RELAY_PREFIX)) return false;
      const [, name = "", method = ""] = TARGET.exec(path) ?? [];
      const role = byName.get(name);
      const call = plainCallOf(req);
      if (call !== undefined && role !== undefined) call.route = ROUTE;
      if (!isOwnPage(req)) refuse(req, res, Code.PermissionDenied, "only the page of the console may call roles");
      else if (role === undefined) refuse(req, res, Code.NotFound, "there is no such workload, or no method is named");
      else if (req.method !== "POST" && req.method !== "GET")
        refuse(req, res, Code.Unimplemented, "RPCs are POST or GET");
      else {
        open.add(res);
        res.once("close", () => open.delete(res));
        relay(req, res, role, query === "" ? method : `${method}?${query}`);
      }
      return true;
    },
    stop() {
      for (const res of open) res.destroy();
    },
  };
}

/**
 * Whether a request comes from a page of this very origin, or from no page. A page whose host is a name that leads here, but is no name of
 * this machine, is not ours: whoever owns the name could have sent it.
 */
function isOwnPage({ headers }: HttpRequest): boolean {
  const host = String(headers[":authority"] ?? headers.host ?? "");
  const name = URL.canParse(`http://${host}`) ? hostOf(`http://${host}`) : "";
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
  const options = { host: hostOf(url), port: new URL(url).port, path, method: req.method, headers, ...tls };
  const onward = (tls === undefined ? http : https).request(options);
  if (call !== undefined) call.streamsAnswer = true;
  const fail = () => {
    onward.destroy();
    if (call?.closed) return;
    if (res.headersSent) res.destroy();
    else refuse(req, res, Code.Unavailable, `${name} cannot be reached`);
  };
  onward.once("response", (answer) => {
    answer.on("error", fail);
    if (call?.closed) return;
    try {
      writeHead(req, res, answer.statusCode ?? 0, passedOn(answer.headers));
      answer.pipe(res);
    } catch {
      fail(); // no answer of HTTP
    }
  });
  onward.on("error", fail);
  res.once("close", () => onward.destroy());
  // A GET has no body that anybody would wait for: what came as one would be taken for the next request.
  if (req.method === "GET") onward.end();
  else (call?.source ?? req).pipe(onward);
}

/** Without those of this connection and its host, of HTTP/2, and about how the body is sent: it goes on in chunks. */
function passedOn(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => name === "content-type" || !(name.startsWith(":") || name === "expect" || isReservedInHttp(name)),
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
