// Requests and responses as interceptors see them, and the context for the handler if they replaced parts of a request.
import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { ContextValues, HandlerContext, Interceptor } from "@connectrpc/connect";
import type { AnyRequest, AnyResponse } from "../../interceptor-types.ts";
import type { ServedContext } from "./served-context.ts";

export type CallHandler = (request: InterceptedRequest) => Promise<AnyResponse>;
type Body = Message | AsyncIterable<Message>;

const CONTEXT = Symbol("context");

/**
 * A UnaryRequest or StreamRequest. Interceptors may spread it, since its properties are its own. The exception is the signal, which is made
 * when it is first asked for; revive() restores it in copies.
 */
export class InterceptedRequest {
  readonly stream: boolean;
  readonly service: DescService;
  readonly method: DescMethod;
  readonly requestMethod: string;
  readonly url: string;
  readonly header: Headers;
  readonly contextValues: ContextValues;
  readonly message: Body;
  readonly [CONTEXT]: ServedContext;

  constructor(context: ServedContext, stream: boolean, message: Body) {
    this.stream = stream;
    this.service = context.service;
    this.method = context.method;
    this.requestMethod = context.requestMethod;
    this.url = context.url;
    this.header = context.requestHeader;
    this.contextValues = context.values;
    this.message = message;
    this[CONTEXT] = context;
  }

  get signal(): AbortSignal {
    return this[CONTEXT].signal;
  }
  /** The context of the call, whatever interceptors replaced. */
  get original(): ServedContext {
    return this[CONTEXT];
  }
}

function revive(request: AnyRequest | InterceptedRequest): InterceptedRequest {
  if (request instanceof InterceptedRequest) return request;
  const copy: object = { __proto__: InterceptedRequest.prototype, ...request };
  return copy as InterceptedRequest;
}

/** Composes interceptors around the innermost function. The first one is outermost. */
export function compose(interceptors: readonly Interceptor[], innermost: CallHandler): CallHandler {
  let next = innermost;
  for (const interceptor of interceptors.toReversed()) {
    const inner = next;
    const outer = interceptor((request) => inner(revive(request)));
    next = (request) => outer(request as AnyRequest);
  }
  return next;
}

/** The context for the handler: that of the call, unless an interceptor replaced header, signal or contextValues. */
export function contextOf(request: InterceptedRequest): HandlerContext {
  const { original } = request;
  const isSame = request.header === original.requestHeader && request.contextValues === original.values;
  return isSame && !Object.hasOwn(request, "signal") ? original : new ReplacedContext(request);
}

class ReplacedContext implements HandlerContext {
  readonly #request: InterceptedRequest;

  constructor(request: InterceptedRequest) {
    this.#request = request;
  }

  get protocolName() {
    return this.#request.original.protocolName;
  }
  get requestMethod() {
    return this.#request.original.requestMethod;
  }
  get service() {
    return this.#request.original.service;
  }
  get method() {
    return this.#request.original.method;
  }
  get url() {
    return this.#request.original.url;
  }
  get requestHeader() {
    return this.#request.header;
  }
  get signal() {
    return this.#request.signal;
  }
  get values() {
    return this.#request.contextValues;
  }
  get responseHeader() {
    return this.#request.original.responseHeader;
  }
  get responseTrailer() {
    return this.#request.original.responseTrailer;
  }
  timeoutMs() {
    return this.#request.original.timeoutMs();
  }
}

/** A UnaryResponse or StreamResponse of a call. */
export function responseOf(context: ServedContext, stream: boolean, message: Body): AnyResponse {
  const { service, method, responseHeader, responseTrailer } = context;
  return { stream, service, method, header: responseHeader, trailer: responseTrailer, message } as AnyResponse;
}

/** Copies headers that an interceptor replaced to those of the call. */
export function takeOver(from: Headers, to: Headers): void {
  if (from === to) return;
  for (const name of [...to.keys()]) to.delete(name);
  for (const [name, value] of from) to.append(name, value);
}
