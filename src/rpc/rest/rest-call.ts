import { create, type JsonObject, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import {
  ConnectError,
  createHandlerContext,
  type HandlerContext,
  type Interceptor,
  type MethodImplSpec,
} from "@connectrpc/connect";
import { invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import { httpStatusOf } from "../http-status.ts";
import { type HttpCall, httpCall } from "../interceptors/http-call.ts";
import { refuseFaults, requestFault } from "../request-fault.ts";
import type { HttpRequest, HttpResponse } from "../server/http-handler.ts";
import { httpVersionOf } from "../server/plain/connection-of.ts";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import { serverValues } from "../server/plain/server-values.ts";
import { reasonOfLeaving, requestTimeout } from "../timeouts.ts";
import { type DecodedRequest, decodeRequest } from "./decode-request.ts";
import type { HttpBinding } from "./http-rule.ts";
import { readJsonText } from "./request-body.ts";
import { headerPairs } from "./request-headers.ts";
import { type AnswerHeaders, sendError, sendJson } from "./send.ts";

export type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;

export type RestCallOptions = {
  readonly interceptors: readonly Interceptor[];
  readonly registry: Registry;
  /** The largest body of a request. */
  readonly readMaxBytes: number;
  readonly defaultTimeoutMs: number;
};

/** What the router found in the URL. */
export type RestTarget = { readonly values: readonly string[]; readonly path: string; readonly query: string };

/** Answers a request. Never throws. */
export type RestCall = (req: HttpRequest, res: HttpResponse, target: RestTarget) => void;

/** Makes a function that serves a binding: decodes the request, calls the interceptors and the handler, and encodes the response or error. */
export function createRestCall(binding: HttpBinding, spec: UnarySpec, options: RestCallOptions): RestCall {
  const { method } = binding;
  const { registry, defaultTimeoutMs, readMaxBytes } = options;
  const interceptors = [...options.interceptors, refuseFaults];
  const toBody = bodyEncoder(binding, registry);

  const createContext = (req: HttpRequest, target: RestTarget, gone: AbortSignal) => {
    const { timeoutMs, fault } = requestTimeout(req.headers);
    const call = describeCall(req, binding, target.path);
    const authority = req.headers[":authority"] ?? req.headers.host ?? "localhost";
    return createHandlerContext({
      service: method.parent,
      method,
      protocolName: "rest",
      requestMethod: call.method,
      url: `${call.scheme}://${authority}${target.path}${target.query === "" ? "" : `?${target.query}`}`,
      timeoutMs: timeoutMs ?? defaultTimeoutMs,
      requestSignal: gone,
      requestHeader: headerPairs(req.headers),
      contextValues: serverValues(plainCallOf(req)).set(httpCall, call).set(requestFault, fault),
    });
  };

  const decode = async (req: HttpRequest, target: RestTarget, signal: AbortSignal): Promise<DecodedRequest> => {
    const { values, query } = target;
    if (binding.body === undefined) return decodeRequest(binding, { values, query, body: "" }, registry);
    try {
      const body = await readJsonText(req, readMaxBytes, signal);
      return decodeRequest(binding, { values, query, body }, registry);
    } catch (error) {
      const { message } = decodeRequest(binding, { values, query: "", body: "" }, registry);
      return { message, fault: ConnectError.from(error) };
    }
  };

  const run = async (context: HandlerContext, req: HttpRequest, target: RestTarget): Promise<string> => {
    const { message, fault } = await decode(req, target, context.signal);
    if (fault !== undefined && context.values.get(requestFault) === undefined) context.values.set(requestFault, fault);
    const call = plainCallOf(req);
    if (call !== undefined) call.intercepted = true;
    return toBody(await invokeUnaryImplementation(spec, context, message, interceptors));
  };

  const serve = async (req: HttpRequest, res: HttpResponse, target: RestTarget): Promise<void> => {
    const gone = new AbortController();
    const startedAt = performance.now();
    const onClose = () => {
      gone.abort(reasonOfLeaving(performance.now() - startedAt, requestTimeout(req.headers).timeoutMs));
    };
    res.once("close", onClose);
    let context: ReturnType<typeof createContext> | undefined;
    try {
      context = createContext(req, target, gone.signal);
      const body = await orAbort(run(context, req, target), context.signal);
      if (!gone.signal.aborted) sendJson(req, res, 200, body, context);
    } catch (error) {
      if (!gone.signal.aborted) answerError(req, res, error, registry, context);
    } finally {
      res.off("close", onClose);
      context?.abort();
    }
  };

  return (req, res, target) => {
    const call = plainCallOf(req);
    if (call !== undefined) call.route = binding.template.source;
    void (call?.work(() => serve(req, res, target)) ?? serve(req, res, target));
  };
}

/** Sends an error, without headers that a handler has set if they turn out to be invalid. */
function answerError(
  req: HttpRequest,
  res: HttpResponse,
  error: unknown,
  registry: Registry,
  headers?: AnswerHeaders,
): void {
  try {
    sendError(req, res, error, registry, headers);
  } catch (broken) {
    if (res.headersSent) res.destroy();
    else sendError(req, res, broken, registry);
  }
}

function bodyEncoder(
  { method: { output }, responseBody }: HttpBinding,
  registry: Registry,
): (message: Message) => string {
  const options = { registry, useProtoFieldName: true };
  if (responseBody === undefined) return (message) => JSON.stringify(toJson(output, message, options));
  const zero = toJson(output, create(output), { ...options, alwaysEmitImplicit: true }) as JsonObject;
  const absent = zero[responseBody.name] ?? {};
  return (message) => {
    const json = toJson(output, message, options) as JsonObject;
    return JSON.stringify(json[responseBody.name] ?? absent);
  };
}

function describeCall(req: HttpRequest, binding: HttpBinding, path: string): HttpCall {
  const isTls = "encrypted" in req.socket && req.socket.encrypted === true;
  return {
    method: req.method ?? binding.httpMethod,
    route: binding.template.source,
    path,
    scheme: isTls ? "https" : "http",
    httpVersion: httpVersionOf(req),
    status: (error) => (error === undefined ? 200 : httpStatusOf(error)),
  };
}

/**
 * The result of the work, or the signal's reason soon after it is aborted: the client must not wait for a handler that ignores the signal. Work
 * that heeds it fails by itself before, so that interceptors see calls fail whose body was still awaited.
 */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => setImmediate(() => reject(signal.reason));
    signal.addEventListener("abort", onAbort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
