// One call, made by hand: over gRPC-Web, Connect or REST, with what came back of it.
import {
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type JsonValue,
  toJson,
} from "@bufbuild/protobuf";
import { createContextValues, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { signal } from "@preact/signals";
import { problemOf } from "../shared/problem.ts";
import { newTrace, traceOfCall, tracing } from "../shared/tracing.ts";
import { messageOf } from "./form/values.ts";
import { callRest } from "./rest-call.ts";
import { type Answer, headersOf, type Request, type Running, timeoutOf } from "./running.ts";
import { baseUrlOf, type Called, type Workload } from "./system.ts";

export const answer = signal<Answer | undefined>(undefined);

/** Of a stream, the last messages are shown. */
const MAX_SHOWN = 100;

let running = new AbortController();

/** Ends a call that still runs. */
export const stopCall = (): void => running.abort();

/** Makes the call; `answer` tells what comes of it. One that still runs is ended. */
export async function makeCall({ workload, method }: Called, request: Request): Promise<void> {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const begun = performance.now();
  const trace = newTrace();
  const { protocol } = request;
  const nothing = { messages: [], count: 0, header: [], trailer: [], status: "", problem: undefined };
  answer.value = { protocol, isOver: false, durationMs: 0, trace, ...nothing };
  const tell = (news: Partial<Answer>) => {
    if (running.signal === signal && answer.value !== undefined)
      answer.value = { ...answer.value, ...news, durationMs: performance.now() - begun };
  };
  const onMessage = (json: JsonValue) => {
    const { messages = [], count = 0 } = answer.value ?? {};
    const message = { number: count + 1, afterMs: performance.now() - begun, json };
    tell({ messages: [...messages, message].slice(-MAX_SHOWN), count: count + 1 });
  };
  try {
    const call = { method, request, registry: workload.registry, trace, signal, onMessage, tell };
    if (protocol === "REST") await callRest(call);
    else await callRpc(transportOf(workload, protocol), call);
  } catch (error) {
    tell({ problem: problemOf(error) });
  }
  tell({ isOver: true });
}

function transportOf(workload: Workload, protocol: "Connect" | "gRPC-Web"): Transport {
  const options = {
    baseUrl: baseUrlOf(workload),
    interceptors: [tracing],
    jsonOptions: { registry: workload.registry },
  };
  return protocol === "Connect" ? createConnectTransport(options) : createGrpcWebTransport(options);
}

async function callRpc(transport: Transport, { method, request, registry, trace, signal, onMessage, tell }: Running) {
  const message = messageOf(method.input, request.typed, registry);
  const headers = headersOf(request.headers);
  const timeoutMs = timeoutOf(request.timeout);
  const values = createContextValues().set(traceOfCall, trace);
  if (isUnary(method)) {
    const reply = await transport.unary(method, signal, timeoutMs, headers, message, values);
    onMessage(toJson(method.output, reply.message, { registry, useProtoFieldName: true }));
    tell({ header: [...reply.header], trailer: [...reply.trailer] });
    return;
  }
  if (!isServerStreaming(method)) throw new TypeError("a browser cannot send a stream");
  const requests = (async function* () {
    yield message;
  })();
  const reply = await transport.stream(method, signal, timeoutMs, headers, requests, values);
  tell({ header: [...reply.header] });
  for await (const part of reply.message) onMessage(toJson(method.output, part, { registry, useProtoFieldName: true }));
  tell({ trailer: [...reply.trailer] });
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === "unary";

const isServerStreaming = (method: DescMethod): method is DescMethodServerStreaming =>
  method.methodKind === "server_streaming";
