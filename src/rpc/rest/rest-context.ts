import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";
import { answerHeader } from "../answer-header.ts";
import { connectionInfo } from "../connection-info.ts";
import { type HttpCall, httpCall } from "../interceptors/http-call.ts";
import { type EndReason, errorOf } from "../server/calls/end-reason.ts";
import { NodeHeaders } from "../server/calls/node-headers.ts";
import type { ServedContext } from "../server/calls/served-context.ts";
import { ServedValues, type ValueSource } from "../server/calls/values.ts";
import type { HttpRequest } from "../server/http-handler.ts";
import type { PlainCall } from "../server/plain/plain-call.ts";
import { plainCall } from "../server/plain/server-values.ts";
import type { AnswerHeaders } from "./send.ts";

export type RestContextOptions = {
  readonly req: HttpRequest;
  readonly method: DescMethod;
  readonly http: HttpCall;
  /** The request as its server follows it; undefined if it came by no RPC server. */
  readonly plain: PlainCall | undefined;
  /** The query, without "?". */
  readonly query: string;
  /** From now on. */
  readonly timeoutMs: number;
};

/** The context of a call over REST. Connect's own makes headers, signals and timers for each call, more than the call itself costs. */
export class RestContext implements ServedContext, ValueSource, AnswerHeaders {
  readonly #options: RestContextOptions;
  readonly #deadline: number;
  #requestHeader: NodeHeaders | undefined;
  #responseHeader: NodeHeaders | undefined;
  #responseTrailer: NodeHeaders | undefined;
  #values: ServedValues | undefined;
  #controller: AbortController | undefined;
  #endReason: EndReason | undefined;

  constructor(options: RestContextOptions) {
    this.#options = options;
    this.#deadline = performance.now() + options.timeoutMs;
  }

  get protocolName(): string {
    return "rest";
  }
  get stream(): boolean {
    return false;
  }
  get requestMethod(): string {
    return this.#options.http.method;
  }
  get service(): DescService {
    return this.#options.method.parent;
  }
  get method(): DescMethod {
    return this.#options.method;
  }
  get url(): string {
    const { req, http, query } = this.#options;
    const authority = req.headers[":authority"] ?? req.headers.host ?? "localhost";
    return `${http.scheme}://${authority}${http.path}${query === "" ? "" : `?${query}`}`;
  }
  get requestHeader(): Headers {
    this.#requestHeader ??= new NodeHeaders(this.#options.req.headers);
    return this.#requestHeader;
  }
  get header(): Headers {
    return this.requestHeader;
  }
  get responseHeader(): Headers {
    this.#responseHeader ??= new NodeHeaders();
    return this.#responseHeader;
  }
  get responseTrailer(): Headers {
    this.#responseTrailer ??= new NodeHeaders();
    return this.#responseTrailer;
  }
  get values(): ContextValues {
    this.#values ??= new ServedValues(this);
    return this.#values;
  }
  get contextValues(): ContextValues {
    return this.values;
  }
  serverValue(id: symbol): unknown {
    const { http, plain } = this.#options;
    if (id === httpCall.id) return http;
    if (plain === undefined) return undefined;
    if (id === connectionInfo.id) return plain.connection;
    if (id === plainCall.id) return plain;
    return id === answerHeader.id ? (name: string, value: string) => plain.setHeader(name, value) : undefined;
  }
  timeoutMs(): number {
    return this.#endReason === undefined ? Math.max(0, this.#deadline - performance.now()) : 0;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#endReason !== undefined) this.#controller.abort(errorOf(this.#endReason));
    }
    return this.#controller.signal;
  }
  get abortError(): ConnectError | undefined {
    return this.#endReason === undefined ? undefined : errorOf(this.#endReason);
  }
  /** The call is over. The first reason counts. */
  abort(reason: EndReason): void {
    this.#endReason ??= reason;
    if (this.#controller !== undefined) this.#controller.abort(errorOf(this.#endReason));
  }

  /** What the handler has added to the answer. */
  get addedHeader(): Headers | undefined {
    return this.#responseHeader?.touched;
  }
  get addedTrailer(): Headers | undefined {
    return this.#responseTrailer?.touched;
  }
}
