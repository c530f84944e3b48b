// Which trace a call of the page belongs to: the page begins it where it makes spans, else the gateway does and says so in its answer.
import { ConnectError, createContextKey, createContextValues, type Interceptor } from "@connectrpc/connect";
import { type Signal, signal } from "@preact/signals";
import { statusName } from "../../src/rpc/status-name.ts";
import { isFailure } from "./problem.ts";
import { type SpanEnd, startSpan } from "./spans.ts";

/** The trace of an action; its id is 32 hexadecimal digits, and undefined until it is known. */
export type Trace = { readonly id: Signal<string | undefined> };

export const newTrace = (): Trace => ({ id: signal(undefined) });

/** Which action a call belongs to. */
export const traceOfCall = createContextKey<Trace | undefined>(undefined, { description: "trace" });

/** The options of a call whose trace somebody wants to know. */
export const tracedAs = (trace: Trace, signal?: AbortSignal) => ({
  contextValues: createContextValues().set(traceOfCall, trace),
  signal,
});

const RESPONSE = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Takes the trace's id from the headers of an answer, if they tell it. */
export function learnTrace(trace: Trace, header: Headers): void {
  const id = RESPONSE.exec(header.get("traceresponse") ?? "")?.[1];
  if (id !== undefined) trace.id.value = id;
}

/** Makes a span for each call, and learns its trace. */
export const tracing: Interceptor = (next) => async (request) => {
  const trace = request.contextValues.get(traceOfCall);
  const method = `${request.service.typeName}/${request.method.name}`;
  const span = startSpan(method, { "rpc.system.name": "connectrpc", "rpc.method": method });
  if (span !== undefined) {
    request.header.set("traceparent", span.parent);
    if (trace) trace.id.value = span.traceId;
  }
  const learn = (header: Headers) => {
    if (trace !== undefined) learnTrace(trace, header);
  };
  try {
    const response = await next(request);
    learn(response.header);
    if (!response.stream) {
      span?.end(endOf(undefined));
      return response;
    }
    return { ...response, message: untilEnd(response.message, (reason) => span?.end(endOf(reason))) };
  } catch (error) {
    learn(ConnectError.from(error).metadata);
    span?.end(endOf(error));
    throw error;
  }
};

/** As the services have it: what the contract reckons with, such as a declined card, is no failure. Neither is it if somebody looks elsewhere. */
function endOf(reason: unknown): SpanEnd {
  const error = reason === undefined ? undefined : ConnectError.from(reason);
  const status = statusName(error?.code);
  const hasFailed = error !== undefined && isFailure(error);
  return {
    attributes: { "rpc.status_code": status, ...(hasFailed && { "error.type": status }) },
    failure: hasFailed ? error.rawMessage : undefined,
  };
}

async function* untilEnd<T>(messages: AsyncIterable<T>, end: (reason?: unknown) => void): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    end(error);
    throw error;
  } finally {
    end();
  }
}
