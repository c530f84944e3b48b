import { create, type JsonObject, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { httpStatusOf } from "../http-status.ts";
import type { HttpCall } from "../interceptors/http-call.ts";
import { requestFault } from "../request-fault.ts";
import { finished } from "../server/calls/end-reason.ts";
import { type MessageInit, wholeMessage } from "../server/calls/message.ts";
import { createRunUnary, type RunUnary, type UnaryCall, type UnarySpec } from "../server/calls/unary.ts";
import type { HttpRequest, HttpResponse } from "../server/http-handler.ts";
import { httpVersionOf } from "../server/plain/connection-of.ts";
import type { PlainCall } from "../server/plain/plain-call.ts";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import { deadlineExceeded, reasonOfLeaving, requestTimeout } from "../timeouts.ts";
import { type DecodedRequest, decodeRequest } from "./decode-request.ts";
import type { HttpBinding } from "./http-rule.ts";
import { readJsonText } from "./request-body.ts";
import { RestContext } from "./rest-context.ts";
import { type AnswerHeaders, sendError, sendJson } from "./send.ts";

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
  const method: RestMethod = {
    ...options,
    binding,
    run: createRunUnary(spec, options.interceptors),
    toBody: bodyEncoder(binding, options.registry),
  };
  return (req, res, target) => void new RestExchange(method, req, res, target).serve();
}

type RestMethod = Omit<RestCallOptions, "interceptors"> & {
  readonly binding: HttpBinding;
  readonly run: RunUnary;
  readonly toBody: (message: Message) => string;
};

/** A request and its answer. */
class RestExchange implements UnaryCall {
  readonly context: RestContext;
  readonly #method: RestMethod;
  readonly #req: HttpRequest;
  readonly #res: HttpResponse;
  readonly #target: RestTarget;
  readonly #plain: PlainCall | undefined;
  readonly #startedAt = performance.now();
  readonly #clientTimeoutMs: number | undefined;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(method: RestMethod, req: HttpRequest, res: HttpResponse, target: RestTarget) {
    const { binding } = method;
    const { timeoutMs, fault } = requestTimeout(req.headers);
    this.#method = method;
    this.#req = req;
    this.#res = res;
    this.#target = target;
    this.#plain = plainCallOf(req);
    this.#clientTimeoutMs = timeoutMs;
    const http = httpCallOf(req, binding, target.path);
    const options = { req, http, plain: this.#plain, query: target.query };
    const limitMs = timeoutMs ?? method.defaultTimeoutMs;
    this.context = new RestContext({ ...options, method: binding.method, timeoutMs: limitMs });
    if (fault !== undefined) this.context.values.set(requestFault, fault);
    this.#timer = setTimeout(() => this.#onDeadline(), limitMs);
    res.once("close", () => this.#onClose());
  }

  /** Reads the request and runs the call. */
  async serve(): Promise<void> {
    const plain = this.#plain;
    if (plain !== undefined) plain.route = this.#method.binding.template.source;
    plain?.beginWork();
    try {
      const decoded = this.#decode();
      const { message, fault } = decoded instanceof Promise ? await decoded : decoded;
      const { values } = this.context;
      if (fault !== undefined && values.get(requestFault) === undefined) values.set(requestFault, fault);
      if (plain !== undefined) plain.intercepted = true;
      this.#method.run(this, message);
    } catch (error) {
      this.fail(error);
    } finally {
      plain?.endWork();
    }
  }

  #decode(): DecodedRequest | Promise<DecodedRequest> {
    const { binding, registry } = this.#method;
    const { values, query } = this.#target;
    return binding.body === undefined
      ? decodeRequest(binding, { values, query, body: "" }, registry)
      : this.#decodeWithBody();
  }

  async #decodeWithBody(): Promise<DecodedRequest> {
    const { binding, registry, readMaxBytes } = this.#method;
    const { values, query } = this.#target;
    try {
      const body = await readJsonText(this.#req, readMaxBytes, this.context.signal);
      return decodeRequest(binding, { values, query, body }, registry);
    } catch (error) {
      const { message } = decodeRequest(binding, { values, query: "", body: "" }, registry);
      return { message, fault: ConnectError.from(error) };
    }
  }

  reply(init: MessageInit): void {
    if (this.#isOver) return;
    try {
      const body = this.#method.toBody(wholeMessage(this.#method.binding.method.output, init));
      sendJson(this.#req, this.#res, 200, body, this.context);
      this.#end();
    } catch (error) {
      this.fail(error);
    }
  }

  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#end();
    answerError(this.#req, this.#res, reason, this.#method.registry, this.context);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.context.abort(finished);
  }

  /** The client must not wait for a handler that ignores its signal. What heeds it fails before, so that its own error is sent. */
  #onDeadline(): void {
    const error = deadlineExceeded();
    this.context.abort(error);
    setImmediate(() => this.fail(error));
  }

  #onClose(): void {
    if (this.#isOver) return;
    this.context.abort(reasonOfLeaving(performance.now() - this.#startedAt, this.#clientTimeoutMs));
    this.#end();
  }
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

function httpCallOf(req: HttpRequest, binding: HttpBinding, path: string): HttpCall {
  const isTls = "encrypted" in req.socket && req.socket.encrypted === true;
  return {
    method: req.method ?? binding.httpMethod,
    route: binding.template.source,
    path,
    scheme: isTls ? "https" : "http",
    httpVersion: httpVersionOf(req),
    status: statusOf,
  };
}

const statusOf = (error?: ConnectError): number => (error === undefined ? 200 : httpStatusOf(error));
