import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { MAX_TIMER_MS } from "../timeouts.ts";
import { CallHeaders, type HeadersInit } from "./call-headers.ts";
import { Input } from "./input.ts";
import type { Method } from "./method.ts";
import { abortError } from "./wire.ts";

/** What a ClientRequest is made of. */
export type ClientRequestInit = {
  readonly method: Method;
  readonly signal: AbortSignal | undefined;
  /** Epoch milliseconds, or Infinity. */
  readonly deadline: number;
  readonly header: HeadersInit | undefined;
  readonly contextValues: ContextValues | undefined;
  readonly message: Message | Input;
};

/** Refers to the original, in a request and in copies that interceptors spread. */
const ORIGINAL = Symbol("original");

/** An own accessor, so that { ...request } copies a real AbortSignal. The shared descriptor gives all requests the same hidden class. */
const SIGNAL: PropertyDescriptor & ThisType<ClientRequest> = {
  enumerable: true,
  configurable: true,
  get() {
    return this[ORIGINAL].openSignal();
  },
};

/**
 * The UnaryRequest or StreamRequest that interceptors see. An AbortController, linked to the caller's signal, and a timer for the deadline
 * are made when the signal is first read. Before that neither is needed: the call itself has the deadline and watches the caller's signal.
 */
export class ClientRequest {
  readonly stream: boolean;
  readonly service: DescService;
  readonly method: DescMethod;
  readonly requestMethod = "POST";
  readonly url: string;
  readonly header: Headers;
  readonly contextValues: ContextValues;
  readonly message: Message | Input;
  declare readonly signal: AbortSignal;
  readonly [ORIGINAL]: ClientRequest;

  readonly #callerSignal: AbortSignal | undefined;
  readonly #deadline: number;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor({ method, signal, deadline, header, contextValues, message }: ClientRequestInit) {
    this.stream = method.desc.methodKind !== "unary";
    this.service = method.desc.parent;
    this.method = method.desc;
    this.url = method.url;
    this.header = CallHeaders.from(header);
    this.contextValues = contextValues ?? createContextValues();
    this.message = message;
    Object.defineProperty(this, "signal", SIGNAL);
    this[ORIGINAL] = this;
    this.#callerSignal = signal;
    this.#deadline = deadline;
  }

  /** This request as one of Connect's types. */
  get typed(): UnaryRequest | StreamRequest {
    return this as ClientRequest & (UnaryRequest | StreamRequest);
  }

  openSignal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    this.#controller = new AbortController();
    if (this.#over || this.#callerSignal?.aborted) {
      this.#controller.abort(this.#callerSignal?.reason);
      return this.#controller.signal;
    }
    this.#callerSignal?.addEventListener("abort", this);
    const ms = this.#deadline - Date.now();
    if (ms <= MAX_TIMER_MS) {
      this.#timer = setTimeout(() => this.end(new ConnectError("the operation timed out", Code.DeadlineExceeded)), ms);
    }
    return this.#controller.signal;
  }

  /** The caller's signal aborts. */
  handleEvent(): void {
    this.end(this.#callerSignal?.reason);
  }

  /** The RPC has ended. As in Connect, this aborts its signal. */
  end(reason?: unknown): void {
    this.#over = true;
    if (this.#controller === undefined || this.#controller.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#callerSignal?.removeEventListener("abort", this);
    this.#controller.abort(reason);
  }

  /** Ends the RPC and returns its error: that of the signal, if it was aborted. */
  fail(reason: unknown): ConnectError {
    const signal = this.#controller?.signal ?? this.#callerSignal;
    const error = signal?.aborted ? abortError(signal) : ConnectError.from(reason);
    this.end(error);
    return error;
  }

  /** The caller's own messages, even if interceptors wrapped them; undefined if an interceptor made the request from scratch. */
  static inputOf(request: StreamRequest): Input | undefined {
    const message = originalOf(request)?.message;
    return message instanceof Input ? message : undefined;
  }

  /** The deadline of a request; if an interceptor made it from scratch, only its signal has one. */
  static deadlineOf(request: UnaryRequest | StreamRequest): number {
    const original = originalOf(request);
    return original === undefined ? Number.POSITIVE_INFINITY : original.#deadline;
  }

  /** The signal to watch: the caller's, as long as nobody read or replaced that of the request. */
  static signalOf(request: UnaryRequest | StreamRequest): AbortSignal | undefined {
    const original = originalOf(request);
    const untouched = original === request && original.#controller === undefined;
    return untouched ? original.#callerSignal : request.signal;
  }
}

function originalOf(request: object): ClientRequest | undefined {
  return (request as Partial<ClientRequest>)[ORIGINAL];
}
