// ConformanceService: answers as each request's response definition says, and echoes what it saw of the request.
import { setTimeout as sleep } from "node:timers/promises";
import { create, type DescMessage, type Message, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import {
  type BidiStreamRequest,
  BidiStreamRequestSchema,
  type ClientStreamRequest,
  ClientStreamRequestSchema,
  type ConformancePayload_RequestInfo,
  ConformancePayload_RequestInfoSchema,
  type ConformancePayloadSchema,
  ConformanceService,
  type Error as ErrorDefinition,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "../../.cache/conformance/gen/connectrpc/conformance/v1/service_pb.js";
import { service } from "../../src/rpc/service.ts";
import { toHeaderList } from "./header-list.ts";

type Payload = MessageInitShape<typeof ConformancePayloadSchema>;

export const conformanceService = service(ConformanceService, {
  async unary(request, context) {
    return { payload: await answerOnce(context, UnaryRequestSchema, [request]) };
  },

  async idempotentUnary(request, context) {
    return { payload: await answerOnce(context, IdempotentUnaryRequestSchema, [request]) };
  },

  async clientStream(requests, context) {
    const received: ClientStreamRequest[] = [];
    for await (const request of requests) received.push(request);
    return { payload: await answerOnce(context, ClientStreamRequestSchema, received) };
  },

  async *serverStream(request, context) {
    const definition = request.responseDefinition;
    setMetadata(context, definition);
    let info: ConformancePayload_RequestInfo | undefined = requestInfo(context, ServerStreamRequestSchema, [request]);
    for (const data of definition?.responseData ?? []) {
      await sleep(definition?.responseDelayMs);
      yield { payload: { data, requestInfo: info } };
      info = undefined;
    }
    if (definition?.error) throw toConnectError(definition.error, info);
  },

  async *bidiStream(requests, context) {
    let definition: StreamResponseDefinition | undefined;
    let fullDuplex = false;
    let unanswered: BidiStreamRequest[] = [];
    let first = true;
    let answered = 0;
    for await (const request of requests) {
      if (first) {
        first = false;
        definition = request.responseDefinition;
        fullDuplex = request.fullDuplex;
        setMetadata(context, definition);
      }
      unanswered.push(request);
      if (!fullDuplex) continue;
      const data = definition?.responseData[answered];
      if (data === undefined) break;
      await sleep(definition?.responseDelayMs);
      yield { payload: { data, requestInfo: infoOf(unanswered) } };
      unanswered = [];
      answered++;
    }
    for (const data of definition?.responseData.slice(answered) ?? []) {
      await sleep(definition?.responseDelayMs);
      yield { payload: { data, requestInfo: answered === 0 ? infoOf(unanswered) : undefined } };
      answered++;
    }
    if (definition?.error) throw toConnectError(definition.error, answered === 0 ? infoOf(unanswered) : undefined);

    // Headers and timeout belong to the first response only; later ones tell what came in since.
    function infoOf(received: BidiStreamRequest[]): ConformancePayload_RequestInfo {
      if (answered === 0) return requestInfo(context, BidiStreamRequestSchema, received);
      return create(ConformancePayload_RequestInfoSchema, {
        requests: received.map((message) => anyPack(BidiStreamRequestSchema, message)),
      });
    }
  },
});

/** The single answer of a unary or client streaming method; the first request says what it is. */
async function answerOnce<T extends DescMessage>(
  context: HandlerContext,
  schema: T,
  requests: (MessageShape<T> & { responseDefinition?: UnaryResponseDefinition })[],
): Promise<Payload> {
  const definition = requests[0]?.responseDefinition;
  setMetadata(context, definition);
  const info = requestInfo(context, schema, requests);
  await sleep(definition?.responseDelayMs);
  const response = definition?.response;
  if (response?.case === "error") throw toConnectError(response.value, info);
  return { requestInfo: info, data: response?.case === "responseData" ? response.value : undefined };
}

function setMetadata(
  context: HandlerContext,
  definition: UnaryResponseDefinition | StreamResponseDefinition | undefined,
) {
  for (const { name, value } of definition?.responseHeaders ?? []) {
    for (const v of value) context.responseHeader.append(name, v);
  }
  for (const { name, value } of definition?.responseTrailers ?? []) {
    for (const v of value) context.responseTrailer.append(name, v);
  }
}

function requestInfo<T extends DescMessage>(context: HandlerContext, schema: T, requests: MessageShape<T>[]) {
  const timeoutMs = context.timeoutMs();
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: toHeaderList(context.requestHeader),
    timeoutMs: timeoutMs === undefined ? undefined : BigInt(Math.round(timeoutMs)),
    requests: requests.map((message) => anyPack(schema, message)),
    connectGetInfo: context.requestMethod === "GET" ? { queryParams: queryParams(context.url) } : undefined,
  });
}

function queryParams(url: string) {
  const params = new URL(url).searchParams;
  return [...new Set(params.keys())].map((name) => ({ name, value: params.getAll(name) }));
}

/** An error before any response carries the request info, which then has no response to travel in, as one more detail. */
function toConnectError(definition: ErrorDefinition, info: Message | undefined): ConnectError {
  const code: number = definition.code; // the suite's enum has the numbers of Connect's
  const error = new ConnectError(definition.message ?? "", code);
  error.details = definition.details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  if (info !== undefined) error.details.push({ desc: ConformancePayload_RequestInfoSchema, value: info });
  return error;
}
