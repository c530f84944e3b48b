// Response streams over REST, as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
import type { OutgoingHttpHeaders } from "node:http";
import type { Registry } from "@bufbuild/protobuf";
import type { ConnectError, Interceptor } from "@connectrpc/connect";
import { requestFault } from "../request-fault.ts";
import type { AnswerStream } from "../server/calls/answer-stream.ts";
import { finished } from "../server/calls/end-reason.ts";
import { type MessageInit, wholeMessage } from "../server/calls/message.ts";
import { createRunServerStream, type RunServerStream, type ServerStreamSpec } from "../server/calls/server-stream.ts";
import type { HttpRequest, HttpResponse } from "../server/http-handler.ts";
import type { PlainCall } from "../server/plain/plain-call.ts";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import { taken } from "../server/plain/universal.ts";
import { deadlineExceeded, MAX_TIMER_MS, reasonOfLeaving, requestTimeout } from "../timeouts.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { HttpBinding } from "./http-rule.ts";
import { type RequestFormat, type RestTarget, readRequest } from "./read-request.ts";
import { answerError, bodyEncoder, httpCallOf } from "./rest-answer.ts";
import type { RestCall } from "./rest-call.ts";
import { RestContext } from "./rest-context.ts";
import { answerHeaders, shownError, writeHead } from "./send.ts";
import { statusJson } from "./status.ts";

/** The id of the last event of a stream that has ended well. A client that comes back with it is told not to come again. */
const END = "end";
/** How soon it comes back. */
const RETRY_MS = 500;

const HEAD: OutgoingHttpHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no", // nginx would hold events back
};

export type RestStreamOptions = {
  readonly interceptors: readonly Interceptor[];
  readonly registry: Registry;
  readonly readMaxBytes: number;
  /** What HEAD may take, which hears of no message. */
  readonly defaultTimeoutMs: number;
};

const heartbeat = new Heartbeat();

/**
 * Makes a function that serves a binding of a server streaming method. Each message is an event; the stream ends with an event "end", or with
 * an event "error" that has a google.rpc.Status. An error before the first message is answered as that of any call. HEAD gets the head of that
 * answer, and its stream ends with the first message.
 */
export function createRestStream(binding: HttpBinding, spec: ServerStreamSpec, options: RestStreamOptions): RestCall {
  const method: StreamMethod = {
    ...options,
    binding,
    run: createRunServerStream(spec, options.interceptors),
    toBody: bodyEncoder(binding, options.registry),
  };
  const headMethod = { ...method, run: createRunServerStream(beginningOf(spec), options.interceptors) };
  return (req, res, target) => {
    const plain = plainCallOf(req);
    if (plain !== undefined) plain.route = binding.template.source;
    if (req.headers["last-event-id"] === END) {
      writeHead(req, res, 204, {});
      res.end();
    } else void new RestStream(req.method === "HEAD" ? headMethod : method, req, res, target).serve();
  };
}

/** A stream of the first message alone. */
function beginningOf(spec: ServerStreamSpec): ServerStreamSpec {
  return {
    ...spec,
    async *impl(request, context) {
      for await (const message of spec.impl(request, context)) {
        yield message;
        return;
      }
    },
  };
}

type StreamMethod = RequestFormat & {
  readonly defaultTimeoutMs: number;
  readonly run: RunServerStream;
  readonly toBody: ReturnType<typeof bodyEncoder>;
};

class RestStream implements AnswerStream {
  readonly context: RestContext;
  onCancel: (() => void) | undefined;
  readonly #method: StreamMethod;
  readonly #req: HttpRequest;
  readonly #res: HttpResponse;
  readonly #target: RestTarget;
  readonly #plain: PlainCall | undefined;
  readonly #startedAt = performance.now();
  readonly #clientTimeoutMs: number | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(method: StreamMethod, req: HttpRequest, res: HttpResponse, target: RestTarget) {
    const { timeoutMs: clientTimeoutMs, fault } = requestTimeout(req.headers);
    const timeoutMs = clientTimeoutMs ?? (req.method === "HEAD" ? method.defaultTimeoutMs : undefined);
    this.#method = method;
    this.#req = req;
    this.#res = res;
    this.#target = target;
    this.#plain = plainCallOf(req);
    this.#clientTimeoutMs = clientTimeoutMs;
    const { binding } = method;
    const http = httpCallOf(req, binding, target.path);
    // Once there were messages, an error is an event.
    const status = (error?: ConnectError) => (res.headersSent ? 200 : http.status(error));
    this.context = new RestContext({
      req,
      http: { ...http, status },
      plain: this.#plain,
      query: target.query,
      method: binding.method,
      timeoutMs: timeoutMs ?? Number.POSITIVE_INFINITY,
    });
    if (fault !== undefined) this.context.values.set(requestFault, fault);
    if (timeoutMs !== undefined && timeoutMs <= MAX_TIMER_MS) {
      this.#timer = setTimeout(() => this.#breakOff(deadlineExceeded()), timeoutMs);
    }
    res.once("close", () => this.cancel());
  }

  /** Reads the request and runs the call. */
  async serve(): Promise<void> {
    const plain = this.#plain;
    if (plain !== undefined) {
      plain.streamsAnswer = true;
      plain.onEvict = (reason) => this.#breakOff(reason);
    }
    plain?.beginWork();
    try {
      const message = await readRequest(this.#method, this.#req, this.#target, this.context);
      if (plain !== undefined) plain.intercepted = true;
      this.#method.run(this, message);
    } catch (error) {
      this.fail(error);
    } finally {
      plain?.endWork();
    }
  }

  get gone(): boolean {
    return this.#isOver || this.#res.destroyed;
  }

  write(init: MessageInit): Promise<void> | undefined {
    if (this.gone) return undefined;
    const { binding, toBody } = this.#method;
    const body = toBody(wholeMessage(binding.method.output, init));
    this.#begin();
    return this.#send(`data: ${body}\n\n`);
  }

  end(): void {
    if (this.gone) {
      this.cancel();
      return;
    }
    const { abortError } = this.context; // many handlers just end when they are told to stop
    if (abortError !== undefined) {
      this.fail(abortError);
      return;
    }
    this.#begin();
    this.#close();
    this.#sendLast(`event: end\nid: ${END}\nretry: ${RETRY_MS}\ndata: {}\n\n`);
  }

  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#close();
    if (this.#res.destroyed) return;
    const { registry } = this.#method;
    if (this.#res.headersSent) {
      const json = JSON.stringify(statusJson(shownError(reason), registry));
      this.#sendLast(`event: error\ndata: ${json}\n\n`);
    } else answerError(this.#req, this.#res, reason, registry, this.context);
  }

  cancel(): void {
    if (this.#isOver) return;
    this.context.abort(reasonOfLeaving(performance.now() - this.#startedAt, this.#clientTimeoutMs));
    this.#close();
  }

  #begin(): void {
    if (this.#res.headersSent) return;
    writeHead(this.#req, this.#res, 200, answerHeaders(HEAD, this.context.addedHeader));
    heartbeat.add(this.#beat);
  }

  get #isHead(): boolean {
    return this.#req.method === "HEAD";
  }

  #send(text: string): Promise<void> | undefined {
    if (this.#isHead || this.#res.write(text)) return undefined;
    return this.#plain === undefined ? undefined : taken(this.#plain);
  }

  #sendLast(text: string): void {
    if (this.#isHead) this.#res.end();
    else this.#res.end(text);
  }

  readonly #beat = (): void => {
    // A client that takes nothing needs no more of it.
    if (!this.gone && !this.#res.writableNeedDrain) this.#res.write(":\n\n");
  };

  /** What heeds the signal fails before, so that its own error is sent. */
  #breakOff(error: ConnectError): void {
    this.context.abort(error);
    setImmediate(() => this.fail(error));
  }

  #close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    heartbeat.remove(this.#beat);
    this.context.abort(finished);
    const { onCancel } = this;
    this.onCancel = undefined;
    onCancel?.();
  }
}
