// Which trace a call of the page belongs to: the page begins it where it makes spans, else the gateway does and says so in its answer.
import { ConnectError, createContextKey, createContextValues, type Interceptor } from "@connectrpc/connect";
import { type Signal, signal } from "@preact/signals";
import { startSpan } from "./spans.ts";

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
  const span = startSpan(`${request.service.typeName}/${request.method.name}`);
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
      span?.end();
      return response;
    }
    return { ...response, message: untilEnd(response.message, (reason) => span?.end(reason)) };
  } catch (error) {
    learn(ConnectError.from(error).metadata);
    span?.end(error);
    throw error;
  }
};

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
