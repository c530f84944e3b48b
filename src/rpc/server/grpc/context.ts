import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";
import { answerHeader } from "../../answer-header.ts";
import { type ConnectionInfo, connectionInfo } from "../../connection-info.ts";
import { reasonOfLeaving } from "../../timeouts.ts";
import { type EndReason, errorOf, finished } from "../calls/end-reason.ts";
import { NodeHeaders } from "../calls/node-headers.ts";
import type { ServedContext } from "../calls/served-context.ts";
import { ServedValues, type ValueSource } from "../calls/values.ts";
import type { ResponseWriter } from "./response-writer.ts";
import type { ServedMethod } from "./served-method.ts";

/**
 * The context of a call for its handler. Headers, signal and values are made when they are first asked for, since most handlers need none of
 * them. So the properties are getters, and `{ ...context }` copies none of them.
 *
 * This is all that the engine needs: made for each call, they would add a quarter to the time that a call spends in our own code. Whether a
 * call is one object or several, its fields private or public, its listeners shared or closures, makes no measurable difference.
 */
export class GrpcContext implements ServedContext, ValueSource {
  readonly #stream: ServerHttp2Stream;
  readonly #fields: IncomingHttpHeaders;
  readonly #method: ServedMethod;
  readonly #response: ResponseWriter;
  readonly #deadline: number;
  readonly #connection: ConnectionInfo;
  #requestHeader: NodeHeaders | undefined;
  #values: ContextValues | undefined;
  #controller: AbortController | undefined;
  #abortReason: EndReason | undefined;
  /** Called when the call is over for its client before it has ended. */
  onAbort: ((reason: ConnectError) => void) | undefined;

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
  get stream(): boolean {
    return this.#method.desc.methodKind !== "unary";
  }
  get header(): Headers {
    return this.requestHeader;
  }
  get contextValues(): ContextValues {
    return this.values;
  }
  get url(): string {
    return `http://${this.#fields[":authority"] ?? "localhost"}${this.#method.path}`;
  }
  get requestHeader(): Headers {
    this.#requestHeader ??= new NodeHeaders(this.#fields);
    return this.#requestHeader;
  }
  get responseHeader(): Headers {
    return this.#response.header;
  }
  get responseTrailer(): Headers {
    return this.#response.trailer;
  }
  get values(): ContextValues {
    this.#values ??= new ServedValues(this);
    return this.#values;
  }
  serverValue(id: symbol): unknown {
    if (id === connectionInfo.id) return this.#connection;
    if (id !== answerHeader.id) return undefined;
    return (name: string, value: string) => this.responseHeader.set(name, value);
  }
  timeoutMs(): number | undefined {
    if (this.#deadline === Infinity) return undefined;
    // The timer of the deadline may fire somewhat early.
    return this.#abortReason === undefined ? Math.max(0, this.#deadline - performance.now()) : 0;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const { abortError } = this;
      if (abortError !== undefined) this.#controller.abort(abortError);
    }
    return this.#controller.signal;
  }

  get abortError(): ConnectError | undefined {
    // The stream may be gone before it has emitted that.
    if (this.#stream.destroyed || this.#stream.aborted) this.#abortReason ??= reasonOfLeaving(0, undefined);
    return this.#abortReason === undefined ? undefined : errorOf(this.#abortReason);
  }

  /** The call has ended. The first reason counts. */
  abort(reason: EndReason): void {
    this.#abortReason ??= reason;
    if (this.#controller !== undefined) this.#controller.abort(errorOf(this.#abortReason));
    if (this.onAbort !== undefined && reason !== finished) this.onAbort(errorOf(this.#abortReason));
  }
}
