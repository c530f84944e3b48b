import type { Message, Registry } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { requestFault } from "../request-fault.ts";
import { type Admission, overloaded, tellingMs } from "../server/admission/admission.ts";
import type { Entrant, Gate } from "../server/admission/gate.ts";
import { type EndReason, finished } from "../server/calls/end-reason.ts";
import { type MessageInit, wholeMessage } from "../server/calls/message.ts";
import { createRunUnary, type RunUnary, type UnaryCall, type UnarySpec } from "../server/calls/unary.ts";
import type { HttpRequest, HttpResponse } from "../server/http-handler.ts";
import type { PlainCall } from "../server/plain/plain-call.ts";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import { deadlineExceeded, reasonOfLeaving, requestTimeout } from "../timeouts.ts";
import type { HttpBinding } from "./http-rule.ts";
import { type RestTarget, readRequest } from "./read-request.ts";
import { answerError, bodyEncoder, httpCallOf } from "./rest-answer.ts";
import { RestContext } from "./rest-context.ts";
import { sendJson } from "./send.ts";

export type RestCallOptions = {
  readonly interceptors: readonly Interceptor[];
  readonly registry: Registry;
  readonly admission: Admission | undefined;
  /** The largest body of a request. */
  readonly readMaxBytes: number;
  readonly defaultTimeoutMs: number;
};

/** Answers a request. Never throws. */
export type RestCall = (req: HttpRequest, res: HttpResponse, target: RestTarget) => void;

/** Makes a function that serves a binding: decodes the request, calls the interceptors and the handler, and encodes the response or error. */
export function createRestCall(binding: HttpBinding, spec: UnarySpec, options: RestCallOptions): RestCall {
  const method: RestMethod = {
    ...options,
    binding,
    gate: options.admission?.gateOf(binding.method),
    run: createRunUnary(spec, options.interceptors),
    toBody: bodyEncoder(binding, options.registry),
  };
  return (req, res, target) => void new RestExchange(method, req, res, target).serve();
}

type RestMethod = Omit<RestCallOptions, "interceptors" | "admission"> & {
  readonly binding: HttpBinding;
  readonly gate: Gate | undefined;
  readonly run: RunUnary;
  readonly toBody: (message: Message) => string;
};

/** A request and its answer. */
class RestExchange implements UnaryCall, Entrant {
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
  /** Once the request is read. */
  #message: Message | undefined;
  #admittedAt: number | undefined;

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
      const read = readRequest(this.#method, this.#req, this.#target, this.context);
      this.#message = read instanceof Promise ? await read : read;
      const { gate } = this.#method;
      if (gate === undefined) this.#run();
      else gate.enter(this);
    } catch (error) {
      this.fail(error);
    } finally {
      if (!this.#waits) plain?.endWork();
    }
  }

  /** Whether its turn has yet to come. */
  get #waits(): boolean {
    const { gate } = this.#method;
    return gate !== undefined && this.#message !== undefined && this.#admittedAt === undefined && !this.#isOver;
  }

  isGone(): boolean {
    return this.#isOver;
  }

  admit(): void {
    this.#admittedAt = performance.now();
    this.#run();
  }

  refuse(): void {
    this.fail(overloaded());
  }

  #run(): void {
    if (this.#plain !== undefined) this.#plain.intercepted = true;
    this.#plain?.endWork();
    this.#method.run(this, this.#message!);
  }

  reply(init: MessageInit): void {
    if (this.#isOver) return;
    try {
      const body = this.#method.toBody(wholeMessage(this.#method.binding.method.output, init));
      sendJson(this.#req, this.#res, 200, body, this.context);
      this.#end(finished);
    } catch (error) {
      this.fail(error);
    }
  }

  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#end(ConnectError.from(reason));
    answerError(this.#req, this.#res, reason, this.#method.registry, this.context);
  }

  #end(reason: EndReason): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.context.abort(finished);
    this.#plain?.endWork();
    if (this.#admittedAt !== undefined) this.#method.gate!.leave(tellingMs(this.#admittedAt, reason));
  }

  /** The client must not wait for a handler that ignores its signal. What heeds it fails before, so that its own error is sent. */
  #onDeadline(): void {
    const error = deadlineExceeded();
    this.context.abort(error);
    setImmediate(() => this.fail(error));
  }

  #onClose(): void {
    if (this.#isOver) return;
    const reason = reasonOfLeaving(performance.now() - this.#startedAt, this.#clientTimeoutMs);
    this.context.abort(reason);
    this.#end(reason);
  }
}
