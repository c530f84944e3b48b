// One call of the suite in client mode: made, cancelled where the request says so, and told.
import { setTimeout as sleep } from "node:timers/promises";
import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type Client, ConnectError, createClient } from "@connectrpc/connect";
import {
  type ClientCompatRequest,
  type ClientResponseResult,
  ClientResponseResultSchema,
} from "../../.cache/conformance/gen/connectrpc/conformance/v1/client_compat_pb.js";
import { StreamType } from "../../.cache/conformance/gen/connectrpc/conformance/v1/config_pb.js";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayload,
  ConformancePayloadSchema,
  ConformanceService,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  UnaryRequestSchema,
  UnimplementedRequestSchema,
} from "../../.cache/conformance/gen/connectrpc/conformance/v1/service_pb.js";
import { transportFor } from "./client-transport.ts";
import { toHeaderList } from "./header-list.ts";

/** Makes the call that the request describes. The outcome of the RPC, an error too, is in the result; rejects if it cannot be made. */
export async function invoke(request: ClientCompatRequest): Promise<ClientResponseResult> {
  const transport = transportFor(request);
  try {
    return await runCall(request, createClient(ConformanceService, transport));
  } finally {
    transport.close();
  }
}

async function runCall(
  request: ClientCompatRequest,
  client: Client<typeof ConformanceService>,
): Promise<ClientResponseResult> {
  const result = create(ClientResponseResultSchema);
  const abort = new AbortController();
  const timing = request.cancel?.cancelTiming;
  const options: CallOptions = {
    headers: request.requestHeaders.flatMap(({ name, value }) => value.map((v): [string, string] => [name, v])),
    signal: abort.signal,
    timeoutMs: request.timeoutMs,
    onHeader: (headers) => {
      result.responseHeaders = toHeaderList(headers);
    },
    onTrailer: (trailers) => {
      result.responseTrailers = toHeaderList(trailers);
    },
  };
  try {
    await callByKind();
  } catch (error) {
    const failure = ConnectError.from(error);
    // Without access to the answer's headers and trailers, the error's metadata holds both.
    const metadata = toHeaderList(failure.metadata);
    return create(ClientResponseResultSchema, {
      responseHeaders: result.responseHeaders.length > 0 ? result.responseHeaders : metadata,
      responseTrailers: result.responseTrailers.length > 0 ? result.responseTrailers : metadata,
      payloads: result.payloads,
      error: { code: failure.code as number, message: failure.rawMessage, details: failure.details.map(toAny) },
    });
  }
  return result;

  async function callByKind(): Promise<void> {
    switch (request.streamType) {
      case StreamType.UNARY:
        await sleep(request.requestDelayMs);
        return take(await unary());
      case StreamType.CLIENT_STREAM:
        return take(await client.clientStream(send(ClientStreamRequestSchema), options));
      case StreamType.SERVER_STREAM:
        await sleep(request.requestDelayMs);
        return takeAll(cancelAfterClose(client.serverStream(only(ServerStreamRequestSchema), options)));
      case StreamType.HALF_DUPLEX_BIDI_STREAM:
        return takeAll(client.bidiStream(send(BidiStreamRequestSchema), options));
      case StreamType.FULL_DUPLEX_BIDI_STREAM:
        return fullDuplex();
      default:
        throw new Error(`no such stream type: ${request.streamType}`);
    }
  }

  async function unary(): Promise<{ payload?: ConformancePayload }> {
    switch (request.method) {
      case undefined:
      case "Unary":
        return cancelAfterClose(client.unary(only(UnaryRequestSchema), options));
      case "IdempotentUnary":
        return cancelAfterClose(client.idempotentUnary(only(IdempotentUnaryRequestSchema), options));
      case "Unimplemented":
        await client.unimplemented(only(UnimplementedRequestSchema), options);
        return {};
      default:
        throw new Error(`no such unary method: ${request.method}`);
    }
  }

  /** Each request waits for the response to the one before it. */
  async function fullDuplex(): Promise<void> {
    let answered = Promise.withResolvers<void>();
    let over = false;
    async function* inTurn() {
      for await (const message of send(BidiStreamRequestSchema)) {
        const { promise } = answered;
        yield message;
        await promise;
        if (over) return;
      }
    }
    const next = () => {
      const last = answered;
      answered = Promise.withResolvers();
      last.resolve();
    };
    try {
      await takeAll(client.bidiStream(inTurn(), options), next);
    } finally {
      over = true;
      answered.resolve();
    }
  }

  async function* send<T extends DescMessage>(schema: T): AsyncGenerator<MessageShape<T>> {
    for (const message of unpackAll(schema)) {
      await sleep(request.requestDelayMs);
      yield message;
    }
    if (timing?.case === "beforeCloseSend") {
      abort.abort();
      await sleep(20); // the end of this generator would close the request
    } else cancelAfterClose(undefined);
  }

  function cancelAfterClose<T>(call: T): T {
    if (request.cancel && (timing?.case === undefined || timing.case === "afterCloseSendMs")) {
      setTimeout(() => abort.abort(), timing?.value ?? 0);
    }
    return call;
  }

  function take({ payload }: { payload?: ConformancePayload }): void {
    result.payloads.push(payload ?? create(ConformancePayloadSchema));
    if (timing?.case === "afterNumResponses" && timing.value === result.payloads.length) abort.abort();
  }

  async function takeAll(responses: AsyncIterable<{ payload?: ConformancePayload }>, taken = () => {}): Promise<void> {
    for await (const response of responses) {
      take(response);
      taken();
    }
  }

  function only<T extends DescMessage>(schema: T): MessageShape<T> {
    const [message, ...more] = unpackAll(schema);
    if (message === undefined || more.length > 0)
      throw new Error(`one request expected, ${request.requestMessages.length} given`);
    return message;
  }

  function unpackAll<T extends DescMessage>(schema: T): MessageShape<T>[] {
    return request.requestMessages.map((any) => {
      const message = anyUnpack(any, schema);
      if (message === undefined) throw new Error(`${any.typeUrl} given, ${schema.typeName} expected`);
      return message;
    });
  }
}

/** The details of an error from the wire are undecoded. */
function toAny(detail: ConnectError["details"][number]) {
  if (!("type" in detail)) throw new Error("an error from the wire has undecoded details");
  return { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value };
}
