import type { DescMethod } from "@bufbuild/protobuf";
import { answerHeader } from "../answer-header.ts";
import { connectionInfo } from "../connection-info.ts";
import { type HttpCall, httpCall } from "../interceptors/http-call.ts";
import { NodeHeaders } from "../node-headers.ts";
import { LazyContext } from "../server/calls/lazy-context.ts";
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
export class RestContext extends LazyContext implements AnswerHeaders {
  readonly #options: RestContextOptions;
  #responseHeader: NodeHeaders | undefined;
  #responseTrailer: NodeHeaders | undefined;

  constructor(options: RestContextOptions) {
    super(options.req.headers, performance.now() + options.timeoutMs);
    this.#options = options;
  }

  get protocolName(): string {
    return "rest";
  }
  get requestMethod(): string {
    return this.#options.http.method;
  }
  get method(): DescMethod {
    return this.#options.method;
  }
  get url(): string {
    const { http, query } = this.#options;
    const authority = this.fields[":authority"] ?? this.fields.host ?? "localhost";
    return `${http.scheme}://${authority}${http.path}${query === "" ? "" : `?${query}`}`;
  }
  get responseHeader(): Headers {
    this.#responseHeader ??= new NodeHeaders();
    return this.#responseHeader;
  }
  get responseTrailer(): Headers {
    this.#responseTrailer ??= new NodeHeaders();
    return this.#responseTrailer;
  }
  serverValue(id: symbol): unknown {
    const { http, plain } = this.#options;
    if (id === httpCall.id) return http;
    if (plain === undefined) return undefined;
    if (id === connectionInfo.id) return plain.connection;
    if (id === plainCall.id) return plain;
    return id === answerHeader.id ? (name: string, value: string) => plain.setHeader(name, value) : undefined;
  }

  /** What the handler has added to the answer. */
  get addedHeader(): Headers | undefined {
    return this.#responseHeader?.touched;
  }
  get addedTrailer(): Headers | undefined {
    return this.#responseTrailer?.touched;
  }
}
