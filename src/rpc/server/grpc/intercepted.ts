// What interceptors see of a call, and what the handler sees once they have replaced parts of it.
import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type {
  ContextValues,
  HandlerContext,
  Interceptor,
  StreamRequest,
  StreamResponse,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import type { Call } from "./call.ts";

export type AnyRequest = UnaryRequest | StreamRequest;
export type AnyResponse = UnaryResponse | StreamResponse;
export type Next = (request: CallRequest) => Promise<AnyResponse>;
type Body = Message | AsyncIterable<Message>;

const CALL = Symbol("call");

/**
 * A UnaryRequest or StreamRequest. Its properties are its own, so that interceptors may spread it, but for the signal: an AbortController
 * is made for the first who asks. revive() gives copies their signal back.
 */
export class CallRequest {
  readonly stream: boolean;
  readonly service: DescService;
  readonly method: DescMethod;
  readonly requestMethod: string = "POST";
  readonly url: string;
  readonly header: Headers;
  readonly contextValues: ContextValues;
  readonly message: Body;
  readonly [CALL]: Call;

  constructor(call: Call, stream: boolean, message: Body) {
    this.stream = stream;
    this.service = call.service;
    this.method = call.method;
    this.url = call.url;
    this.header = call.requestHeader;
    this.contextValues = call.values;
    this.message = message;
    this[CALL] = call;
  }

  get signal(): AbortSignal {
    return this[CALL].signal;
  }
  get call(): Call {
    return this[CALL];
  }
}

function revive(request: AnyRequest | CallRequest): CallRequest {
  if (request instanceof CallRequest) return request;
  const copy: object = { __proto__: CallRequest.prototype, ...request };
  return copy as CallRequest;
}

/** Composes interceptors around the innermost function, once; the first one is outermost. */
export function compose(interceptors: readonly Interceptor[], innermost: Next): Next {
  let next = innermost;
  for (const interceptor of interceptors.toReversed()) {
    const inner = next;
    const outer = interceptor((request) => inner(revive(request)));
    next = (request) => outer(request as AnyRequest);
  }
  return next;
}

/** The context for the handler of a request: the call itself, unless an interceptor replaced header, signal or contextValues. */
export function contextOf(request: CallRequest): HandlerContext {
  const { call } = request;
  const same =
    request.header === call.requestHeader && request.contextValues === call.values && !Object.hasOwn(request, "signal");
  return same ? call : new ReplacedContext(request);
}

class ReplacedContext implements HandlerContext {
  readonly protocolName = "grpc";
  readonly requestMethod = "POST";
  readonly #request: CallRequest;

  constructor(request: CallRequest) {
    this.#request = request;
  }

  get service() {
    return this.#request.call.service;
  }
  get method() {
    return this.#request.call.method;
  }
  get url() {
    return this.#request.call.url;
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
    return this.#request.call.responseHeader;
  }
  get responseTrailer() {
    return this.#request.call.responseTrailer;
  }
  timeoutMs() {
    return this.#request.call.timeoutMs();
  }
}

/** A UnaryResponse or StreamResponse of the call. */
export function responseOf(call: Call, stream: boolean, message: Body): AnyResponse {
  const { service, method, responseHeader, responseTrailer } = call;
  return { stream, service, method, header: responseHeader, trailer: responseTrailer, message } as AnyResponse;
}

/** Makes the call's headers those of a response whose headers an interceptor replaced. */
export function takeOver(from: Headers, to: Headers): void {
  if (from === to) return;
  for (const name of [...to.keys()]) to.delete(name);
  for (const [name, value] of from) to.append(name, value);
}
