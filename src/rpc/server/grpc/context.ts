import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ContextKey, ContextValues, HandlerContext } from "@connectrpc/connect";
import { answerHeader } from "../../answer-header.ts";
import { type ConnectionInfo, connectionInfo } from "../../connection-info.ts";
import { reasonOfLeaving } from "../../timeouts.ts";
import { type EndReason, errorOf } from "./end-reason.ts";
import { Http2Headers } from "./http2-headers.ts";
import type { ResponseWriter } from "./response-writer.ts";
import type { ServedMethod } from "./served-method.ts";

/**
 * The context of a call for its handler. Headers, signal and values are made when they are first asked for, since most handlers need none of
 * them. So the properties are getters, and `{ ...context }` copies none of them.
 *
 * This is all that the engine needs: made for each call, they would add a quarter to the time that a call spends in our own code. Whether a
 * call is one object or several, its fields private or public, its listeners shared or closures, makes no measurable difference.
 */
export class GrpcContext implements HandlerContext {
  readonly #stream: ServerHttp2Stream;
  readonly #fields: IncomingHttpHeaders;
  readonly #method: ServedMethod;
  readonly #response: ResponseWriter;
  readonly #deadline: number;
  readonly #connection: ConnectionInfo;
  #requestHeader: Http2Headers | undefined;
  #values: ContextValues | undefined;
  #controller: AbortController | undefined;
  #abortReason: EndReason | undefined;

  /** `deadline` is a time of performance.now(); Infinity: none. */
  constructor(
    stream: ServerHttp2Stream,
    fields: IncomingHttpHeaders,
    method: ServedMethod,
    response: ResponseWriter,
    deadline: number,
    connection: ConnectionInfo,
  ) {
    this.#stream = stream;
    this.#fields = fields;
    this.#method = method;
    this.#response = response;
    this.#deadline = deadline;
    this.#connection = connection;
  }

  get protocolName(): string {
    return "grpc";
  }
  get requestMethod(): string {
    return "POST";
  }
  get service(): DescService {
    return this.#method.desc.parent;
  }
  get method(): DescMethod {
    return this.#method.desc;
  }
  get url(): string {
    return `http://${this.#fields[":authority"] ?? "localhost"}${this.#method.path}`;
  }
  get requestHeader(): Headers {
    this.#requestHeader ??= new Http2Headers(this.#fields);
    return this.#requestHeader;
  }
  get responseHeader(): Headers {
    return this.#response.header;
  }
  get responseTrailer(): Headers {
    return this.#response.trailer;
  }
  get values(): ContextValues {
    this.#values ??= new Values(this, this.#connection);
    return this.#values;
  }
  timeoutMs(): number | undefined {
    if (this.#deadline === Infinity) return undefined;
    // The timer of the deadline may fire somewhat early.
    return this.#abortReason === undefined ? Math.max(0, this.#deadline - performance.now()) : 0;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      // The stream may be gone before it has emitted that.
      if (this.#stream.destroyed || this.#stream.aborted) this.#abortReason ??= reasonOfLeaving(0, undefined);
      if (this.#abortReason !== undefined) this.#controller.abort(errorOf(this.#abortReason));
    }
    return this.#controller.signal;
  }

  /** The call has ended. The first reason counts. */
  abort(reason: EndReason): void {
    this.#abortReason ??= reason;
    if (this.#controller !== undefined) this.#controller.abort(errorOf(this.#abortReason));
  }
}

/** Like Connect's createContextValues(), but with methods on the prototype, and what the server sets is made when it is asked for. */
class Values implements ContextValues {
  readonly #values = new Map<symbol, unknown>();
  readonly #context: GrpcContext;
  readonly #connection: ConnectionInfo;

  constructor(context: GrpcContext, connection: ConnectionInfo) {
    this.#context = context;
    this.#connection = connection;
  }

  get<T>({ id, defaultValue }: ContextKey<T>): T {
    return this.#values.has(id) ? (this.#values.get(id) as T) : ((this.#ofServer(id) as T | undefined) ?? defaultValue);
  }
  #ofServer(id: symbol): unknown {
    if (id === connectionInfo.id) return this.#connection;
    if (id !== answerHeader.id) return undefined;
    return (name: string, value: string) => this.#context.responseHeader.set(name, value);
  }
  set<T>({ id }: ContextKey<T>, value: T): this {
    this.#values.set(id, value);
    return this;
  }
  delete({ id }: ContextKey<unknown>): this {
    this.#values.delete(id);
    return this;
  }
}
