import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";
import { type NodeFields, NodeHeaders } from "../../node-headers.ts";
import { type EndReason, errorOf, finished } from "./end-reason.ts";
import type { ServedContext } from "./served-context.ts";
import { ServedValues, type ValueSource } from "./values.ts";

/**
 * The context of a call for its handler. Headers, signal and values are made when they are first asked for, since most handlers need none of
 * them. So the properties are getters, and `{ ...context }` copies none of them.
 *
 * This is all that the engine needs: made for each call, they would add a quarter to the time that a call spends in our own code. Whether a
 * call is one object or several, its fields private or public, its listeners shared or closures, makes no measurable difference.
 */
export abstract class LazyContext implements ServedContext, ValueSource {
  /** Of the request. */
  protected readonly fields: NodeFields;
  /** Why the call is over. */
  protected endReason: EndReason | undefined;
  /** Called when the call is over for its client before it has ended. Only streams tell so, once their interceptors have begun. */
  onAbort: ((reason: ConnectError) => void) | undefined;
  readonly #deadline: number;
  #requestHeader: NodeHeaders | undefined;
  #values: ContextValues | undefined;
  #controller: AbortController | undefined;

  /** `deadline` is a time of performance.now(); Infinity: none. */
  constructor(fields: NodeFields, deadline: number) {
    this.fields = fields;
    this.#deadline = deadline;
  }

  abstract get protocolName(): string;
  abstract get requestMethod(): string;
  abstract get method(): DescMethod;
  abstract get url(): string;
  abstract get responseHeader(): Headers;
  abstract get responseTrailer(): Headers;
  abstract serverValue(id: symbol): unknown;

  get service(): DescService {
    return this.method.parent;
  }
  get stream(): boolean {
    return this.method.methodKind !== "unary";
  }
  get requestHeader(): Headers {
    this.#requestHeader ??= new NodeHeaders(this.fields);
    return this.#requestHeader;
  }
  get header(): Headers {
    return this.requestHeader;
  }
  get values(): ContextValues {
    this.#values ??= new ServedValues(this);
    return this.#values;
  }
  get contextValues(): ContextValues {
    return this.values;
  }
  timeoutMs(): number | undefined {
    if (this.#deadline === Infinity) return undefined;
    // The timer of the deadline may fire somewhat early.
    return this.endReason === undefined ? Math.max(0, this.#deadline - performance.now()) : 0;
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
    return this.endReason === undefined ? undefined : errorOf(this.endReason);
  }

  /** The call is over. The first reason counts. */
  abort(reason: EndReason): void {
    this.endReason ??= reason;
    if (this.#controller !== undefined) this.#controller.abort(errorOf(this.endReason));
    if (this.onAbort !== undefined && reason !== finished) this.onAbort(errorOf(this.endReason));
  }
}
