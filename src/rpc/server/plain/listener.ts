import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { shownName } from "../../field-violations.ts";
import { joinHooks } from "../../hooks/hooked.ts";
import { refuseFaults, requestFault } from "../../request-fault.ts";
import { errorNaming } from "../../told-text.ts";
import { overloaded } from "../admission/admission.ts";
import { registryOf } from "../file-index.ts";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";
import type { RpcServerLimits } from "../limits.ts";
import type { ResolvedOptions } from "../options.ts";
import { admitting } from "./admitting.ts";
import { boundTimeouts } from "./bound-timeouts.ts";
import { tellBrokenOff } from "./broken-off.ts";
import type { PlainCall } from "./plain-call.ts";
import type { PlainCalls } from "./plain-calls.ts";
import { checkedQuery } from "./query.ts";
import { reportUnexpected } from "./report-unexpected.ts";
import { type BodyKind, bodyKindOf, requestBody } from "./request-body.ts";
import { serverValues } from "./server-values.ts";
import { sendUniversal, universalRequest } from "./universal.ts";

export type PlainListener = (req: HttpRequest, res: HttpResponse) => void;

/**
 * Answers everything that is not gRPC, over HTTP/1.1 and HTTP/2. The HTTP handler comes first, then Connect's own handlers for Connect and
 * gRPC-Web; the rest is 404. Connect's handlers get only requests that are within limits and can be decoded. gzip is the only compression,
 * since strangers must not choose which decoder runs.
 */
export function createPlainListener(options: ResolvedOptions, calls: PlainCalls): PlainListener {
  const { http, limits, onError } = options;
  const serve = createConnectLane(options);
  return (req, res) => {
    // Until the very end: a client can cause an 'error' even after the answer, and without a listener it would end the process.
    req.on("error", ignore);
    res.on("error", ignore);
    try {
      const refusal = refusalOf(req, limits);
      const call = refusal === undefined ? calls.begin(req, res) : undefined;
      if (call === undefined) return refuse(calls.unheld(req, res), refusal ?? 503);
      if (!http(req, res)) serve(call);
    } catch (error) {
      onError(error);
      answer(calls.unheld(req, res), 500);
    }
  };
}

function createConnectLane({ services, interceptors, limits, ...options }: ResolvedOptions) {
  const { maxRequestBytes, defaultTimeoutMs, admission, onError } = options;
  const registry = registryOf(services.map(({ desc }) => desc));
  const router = createConnectRouter({
    grpc: false,
    interceptors: joinHooks([
      reportUnexpected(onError),
      ...interceptors,
      refuseFaults,
      admitting(admission),
      tellBrokenOff,
    ]),
    acceptCompression: [compressionGzip],
    jsonOptions: { registry },
    binaryOptions: { readUnknownFields: false },
    compressMinBytes: Number.isFinite(limits.compressMinBytes) ? limits.compressMinBytes : Number.MAX_SAFE_INTEGER,
  });
  for (const { desc, impl } of services) router.service(desc, impl);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (call: PlainCall): void => {
    const { req, res } = call;
    const handler = handlers.get(req.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) {
      answer(call, 404);
      return;
    }
    call.route = handler.requestPath;
    let request: Parameters<UniversalHandler>[0];
    try {
      request = requestOf(call, handler.method);
    } catch {
      answer(call, 400); // target and host make no URL
      return;
    }
    call.streamsAnswer = handler.method.methodKind !== "unary";
    // Only Connect's handler knows how its protocols tell errors.
    if (admission.gateOf(handler.method)?.refusesNow()) request.contextValues?.set(requestFault, overloaded());
    call
      .work(async () => sendUniversal(await handler(request), call))
      .catch((error: unknown) => {
        if (!(error instanceof ConnectError) && !call.closed) onError(error, handler.method);
        res.destroy();
      });
  };

  function requestOf(call: PlainCall, method: DescMethod): Parameters<UniversalHandler>[0] {
    const values = serverValues(call);
    const request = universalRequest(call, values);
    values.set(requestFault, boundTimeouts(request.header, defaultTimeoutMs(method)));
    const maxBytes = maxRequestBytes(method);
    if (request.method === "GET") {
      return { ...request, url: checkedQuery(request.url, { method, maxBytes, registry, values }), body: nothing() };
    }
    const kind = bodyKindOf(call.req.headers["content-type"]);
    if (kind === undefined) return { ...request, body: nothing() };
    if (values.get(requestFault) === undefined) values.set(requestFault, encodingFault(call, kind));
    request.header.delete(kind.encodingHeader); // requestBody() decompresses
    request.header.delete("content-length"); // it counts the compressed body
    return { ...request, body: requestBody({ call, method, kind, maxBytes, registry, values }) };
  }
}

function encodingFault({ req }: PlainCall, { encodingHeader }: BodyKind): ConnectError | undefined {
  const encoding = req.headers[encodingHeader];
  if (encoding === undefined || encoding === "identity" || encoding === "gzip") return undefined;
  return errorNaming(`unknown compression ${shownName(String(encoding))}`, "unknown compression", Code.Unimplemented);
}

async function* nothing(): AsyncIterable<Uint8Array<ArrayBuffer>> {}

/** The HTTP status for an HTTP/1.1 request that must be refused. For HTTP/2, its connection does so. */
function refusalOf(req: HttpRequest, { maxHeaderFields }: RpcServerLimits): number | undefined {
  if ("stream" in req) return undefined;
  const { rawHeaders } = req;
  if (rawHeaders.length > 2 * maxHeaderFields) return 431;
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length === 4 && rawHeaders[i]?.toLowerCase() === "host") hosts++;
  }
  return hosts > 1 ? 400 : undefined; // ambiguous: RFC 9112 demands a 400
}

function refuse(call: PlainCall, status: number): void {
  if (!("stream" in call.req)) call.setHeader("connection", "close");
  if (status === 503) call.setHeader("retry-after", "1");
  answer(call, status);
}

function answer(call: PlainCall, status: number): void {
  const { res } = call;
  call.prepareAnswer();
  if (!res.headersSent) res.statusCode = status;
  res.end();
}

function ignore(): void {}
