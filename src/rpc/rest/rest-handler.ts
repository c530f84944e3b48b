import { createRegistry, type DescMethod, type Registry } from "@bufbuild/protobuf";
import { Code, createServiceImplSpec, type Interceptor } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "../../../gen/google/rpc/error_details_pb.js";
import { httpStatusOf } from "../http-status.ts";
import { splitTarget } from "../request-target.ts";
import { type Admission, sharedRefusal } from "../server/admission/admission.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../server/http-handler.ts";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import type { Service } from "../service.ts";
import { type CorsOptions, createCors } from "./cors.ts";
import { type HttpBinding, httpBindings } from "./http-rule.ts";
import { type OpenApiInfo, openApiDocument } from "./openapi.ts";
import { createPageCall, type Page } from "./pages.ts";
import { literalTemplate, parsePathTemplate } from "./path-template.ts";
import { createRestCall, type RestCall, type RestCallOptions } from "./rest-call.ts";
import { createRestStream } from "./rest-stream.ts";
import { createRouter, type Router } from "./router.ts";
import { send, sendError } from "./send.ts";
import { httpError, statusJson } from "./status.ts";

export type RestHandlerOptions = {
  /** Their methods with a google.api.http rule can be called over REST. */
  readonly services: readonly Service[];
  /** Run around each call, as over gRPC. The first one is outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** CORS for REST, Connect and gRPC-Web. Default: pages of any origin may call. False: no CORS headers. */
  readonly cors?: CorsOptions | false;
  /** Whether GET /health answers "OK" or 503 "NOT SERVING". Default: always "OK". */
  readonly health?: () => boolean;
  /** Title, version and use of tokens for the document at GET /openapi.json. Default: the path does not exist. */
  readonly openApi?: OpenApiInfo;
  /** Files for browsers. Default: none. */
  readonly pages?: readonly Page[] | undefined;
  /** The largest request body of a method, in bytes. Default, also where this returns undefined: readMaxBytes. */
  readonly maxRequestBytes?: (method: DescMethod) => number | undefined;
  /** The largest request body of methods without their own limit, in bytes. Default: 64 KiB. */
  readonly readMaxBytes?: number;
  /** What is served when more comes than can be. Default: everything. */
  readonly admission?: Admission | undefined;
  /** Timeout of calls whose client sets none. Default: 10000 ms. */
  readonly defaultTimeoutMs?: number;
};

const DEFAULT_READ_MAX_BYTES = 64 * 1024;

/**
 * Serves REST by the google.api.http rules of the contract, GET /health, GET /openapi.json and pages, over HTTP/1.1 and HTTP/2, with CORS. It leaves
 * the paths of RPCs ("/package.Service/Method") to others, and answers unknown paths with 404. Throws if a rule does not fit its method, or
 * if two rules match the same requests.
 */
export function createRestHandler(options: RestHandlerOptions): HttpHandler {
  const cors = options.cors === false ? undefined : createCors(options.cors);
  const descs = options.services.map((s) => s.desc);
  const registry = createRegistry(file_google_rpc_error_details, ...descs.map((d) => d.file));
  const router = createRouter<RestCall>();
  const { maxRequestBytes = () => undefined, readMaxBytes = DEFAULT_READ_MAX_BYTES } = options;
  const callOptions: Omit<RestCallOptions, "readMaxBytes"> = {
    interceptors: options.interceptors ?? [],
    registry,
    admission: options.admission,
    defaultTimeoutMs: options.defaultTimeoutMs ?? 10_000,
  };
  addEndpoints(router, options);
  for (const service of options.services) {
    addService(router, service, (method) => {
      return { ...callOptions, readMaxBytes: maxRequestBytes(method) ?? readMaxBytes };
    });
  }
  const rpcPaths = new Set(descs.flatMap((d) => d.methods.map((m) => `/${d.typeName}/${m.name}`)));

  return (req, res) => {
    if (cors?.(req, res)) return true;
    const { path, query } = splitTarget(req.url ?? "/");
    if (rpcPaths.has(path)) return false;

    const match = router.match(req.method ?? "GET", path);
    if (match.kind === "found") {
      match.route(req, res, { values: match.values, path, query });
      return true;
    }
    if (RPC_PATH.test(path)) return false;
    if (match.kind === "notFound") {
      sendError(req, res, httpError(404, Code.NotFound, "no such path"), registry);
      return true;
    }
    const allow = match.allow.join(", ");
    const error = httpError(405, Code.Unimplemented, `${req.method} is not allowed here, only ${allow}`);
    sendError(req, res, error, registry, undefined, { allow });
    return true;
  };
}

const RPC_PATH = /^\/(?:\w+\.)+\w+\/\w+$/;

function addService(
  router: Router<RestCall>,
  { desc, impl }: Service,
  optionsOf: (method: DescMethod) => RestCallOptions,
): void {
  const { methods } = createServiceImplSpec(desc, impl);
  for (const binding of httpBindings(desc)) {
    const spec = methods[binding.method.localName];
    const options = optionsOf(binding.method);
    if (spec?.kind === "unary") {
      const call = createRestCall(binding, spec, options);
      router.add(binding.httpMethod, binding.template, gated(binding, call, options));
    } else if (spec?.kind === "server_streaming") {
      router.add(binding.httpMethod, binding.template, createRestStream(binding, spec, options));
    }
  }
}

/** A call that is refused, before anybody reads it, where there are too many. */
function gated({ method, template }: HttpBinding, call: RestCall, { admission, registry }: RestCallOptions): RestCall {
  const gate = admission?.gateOf(method);
  if (gate === undefined) return call;
  return (req, res, target) => {
    named(req, template.source);
    if (gate.refusesNow()) refuse(req, res, registry);
    else call(req, res, target);
  };
}

let refusal: string | undefined;

/** What sendError() would send, encoded once: at the first refusal, since an error has Headers, which would slow the start down. */
function refuse(req: HttpRequest, res: HttpResponse, registry: Registry): void {
  const error = sharedRefusal();
  refusal ??= JSON.stringify(statusJson(error, registry));
  const headers = { "retry-after": error.metadata.get("retry-after") ?? "" };
  send(req, res, httpStatusOf(error), "application/json", refusal, headers);
}

function addEndpoints(
  router: Router<RestCall>,
  { services, health = () => true, openApi, pages = [] }: RestHandlerOptions,
): void {
  router.add("GET", parsePathTemplate("/health"), (req, res) => {
    named(req, "/health");
    const isServing = health();
    send(req, res, isServing ? 200 : 503, "text/plain; charset=utf-8", isServing ? "OK" : "NOT SERVING");
  });
  for (const page of pages) router.add("GET", literalTemplate(page.path), createPageCall(page));
  if (openApi === undefined) return;
  const descs = services.map((s) => s.desc);
  let document: string | undefined; // made on demand, not at start
  router.add("GET", parsePathTemplate("/openapi.json"), (req, res) => {
    named(req, "/openapi.json");
    document ??= JSON.stringify(openApiDocument(descs, openApi));
    send(req, res, 200, "application/json", document);
  });
}

/** Names the endpoint of a request that becomes no call. */
function named(req: HttpRequest, route: string): void {
  const call = plainCallOf(req);
  if (call !== undefined) call.route = route;
}
