import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectError, ContextKey, ContextValues, HandlerContext } from "@connectrpc/connect";
import { LazyHeaders } from "./metadata.ts";
import type { Route } from "./route.ts";

const CALL = Symbol("call");

/** A stream that knows its call, so that all calls share their listeners. */
export type CallStream<C extends CallContext = CallContext> = ServerHttp2Stream & { [CALL]: C };

/** The call of a stream. */
export const callOf = <C extends CallContext>(stream: CallStream<C>): C => stream[CALL];

function onAborted(this: CallStream): void {
  this[CALL].cancel();
}

/**
 * What a handler sees of a gRPC call. Everything that costs something is made when it is first asked for: most handlers need neither
 * headers nor signal nor values. So the properties are getters, and a `{ ...context }` has none of them.
 */
export abstract class CallContext implements HandlerContext {
  readonly stream: ServerHttp2Stream;
  readonly requestFields: IncomingHttpHeaders;
  readonly route: Route;
  /** Why the call ended; undefined while it runs. */
  abortReason: ConnectError | undefined;
  /** When the client's patience ends, on the clock of performance.now(); 0 without a deadline. */
  protected deadline = 0;
  protected controller: AbortController | undefined;
  #requestHeader: LazyHeaders | undefined;
  #responseHeader: LazyHeaders | undefined;
  #responseTrailer: LazyHeaders | undefined;
  #values: ContextValues | undefined;

  constructor(stream: ServerHttp2Stream, requestFields: IncomingHttpHeaders, route: Route) {
    this.stream = stream;
    this.requestFields = requestFields;
    this.route = route;
    (stream as CallStream)[CALL] = this;
    stream.on("aborted", onAborted);
  }

  get protocolName(): string {
    return "grpc";
  }
  get requestMethod(): string {
    return "POST";
  }
  /** Whether the answer, or its failure, is decided. */
  get finished(): boolean {
    return this.abortReason !== undefined;
  }
  /** Whether there is nobody left to answer. */
  get gone(): boolean {
    return this.finished || this.stream.destroyed || this.stream.closed;
  }
  get service(): DescService {
    return this.route.method.parent;
  }
  get method(): DescMethod {
    return this.route.method;
  }
  get url(): string {
    return `http://${this.requestFields[":authority"] ?? "localhost"}${this.route.path}`;
  }
  get requestHeader(): Headers {
    this.#requestHeader ??= new LazyHeaders(this.requestFields);
    return this.#requestHeader;
  }
  get responseHeader(): Headers {
    this.#responseHeader ??= new LazyHeaders();
    return this.#responseHeader;
  }
  get responseTrailer(): Headers {
    this.#responseTrailer ??= new LazyHeaders();
    return this.#responseTrailer;
  }
  get values(): ContextValues {
    this.#values ??= new Values();
    return this.#values;
  }
  timeoutMs(): number | undefined {
    return this.deadline === 0 ? undefined : Math.max(0, this.deadline - performance.now());
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.abortReason !== undefined) this.controller.abort(this.abortReason);
      else if (this.stream.destroyed || this.stream.aborted) this.cancel();
    }
    return this.controller.signal;
  }

  /** The headers and trailers that the handler set, if it set any. */
  protected get customHeader(): Headers | undefined {
    return this.#responseHeader?.touched;
  }
  protected get customTrailer(): Headers | undefined {
    return this.#responseTrailer?.touched;
  }

  /** The client reset the stream, or the connection is gone. */
  abstract cancel(): void;
  /** Ends the call with an error. */
  abstract fail(reason: unknown): void;
}

/** As Connect's createContextValues(), with its methods on the prototype. */
class Values implements ContextValues {
  readonly #values = new Map<symbol, unknown>();

  get<T>({ id, defaultValue }: ContextKey<T>): T {
    return this.#values.has(id) ? (this.#values.get(id) as T) : defaultValue;
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
