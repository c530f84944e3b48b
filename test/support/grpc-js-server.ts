// A server of grpc-js around a Connect service, so that our client is tried against a peer that is not ours. On the wire all kinds
// of method are the same, so each is registered as a bidirectional stream.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { create, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createHandlerContext,
  createServiceImplSpec,
  type HandlerContext,
  type MethodImplSpec,
} from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { Metadata, type MethodDefinition, Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import type { Service } from "../../src/rpc/service.ts";

export type GrpcJsServer = {
  readonly port: number;
  /** Cuts connections. */
  close(): void;
};

type Call = ServerDuplexStream<Message, Message>;

/** Takes messages of up to 8 MB. `address` is "127.0.0.1:0", another port, or "unix:/path". */
export async function startGrpcJsServer(service: Service, address = "127.0.0.1:0"): Promise<GrpcJsServer> {
  const server = new Server({ "grpc.max_receive_message_length": 8 << 20 });
  const { methods } = createServiceImplSpec(service.desc, service.impl);
  for (const spec of Object.values(methods)) {
    const name = spec.method.name;
    server.addService({ [name]: definitionOf(spec.method) }, { [name]: (call: Call) => handle(spec, call) });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

function definitionOf({ parent, name, input, output }: DescMethod): MethodDefinition<Message, Message> {
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: (message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(output, message)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

async function handle(spec: MethodImplSpec, call: Call): Promise<void> {
  const cancelled = new AbortController();
  call.on("cancelled", () => cancelled.abort(new ConnectError("cancelled by the client", Code.Canceled)));
  const context = contextOf(spec.method, call, cancelled.signal);
  let answered = false;
  try {
    for await (const response of invoke(spec, call, context)) {
      if (!answered) call.sendMetadata(metadataOf(context.responseHeader));
      answered = true;
      const full = !call.write(create<typeof spec.method.output>(spec.method.output, response));
      if (full) await once(call, "drain", { signal: context.signal });
      context.signal.throwIfAborted();
    }
    context.signal.throwIfAborted();
    if (!answered) call.sendMetadata(metadataOf(context.responseHeader));
    call.end(metadataOf(context.responseTrailer));
  } catch (reason) {
    call.emit("error", statusOf(ConnectError.from(reason)));
  } finally {
    context.abort();
  }
}

async function* invoke(spec: MethodImplSpec, call: Call, context: HandlerContext) {
  switch (spec.kind) {
    case "unary":
      yield await spec.impl(await first(call), context);
      break;
    case "client_streaming":
      yield await spec.impl(call.iterator({ destroyOnReturn: false }), context);
      break;
    case "server_streaming":
      yield* spec.impl(await first(call), context);
      break;
    case "bidi_streaming":
      yield* spec.impl(call.iterator({ destroyOnReturn: false }), context);
  }
}

/** Leaves the stream open, as do the iterators above: one that is destroyed would end the call. */
async function first(call: Call): Promise<Message> {
  const [message] = await once(call, "data");
  call.pause();
  return message;
}

function contextOf(method: DescMethod, call: Call, requestSignal: AbortSignal) {
  const deadline = Number(call.getDeadline());
  return createHandlerContext({
    service: method.parent,
    method,
    protocolName: "grpc",
    requestMethod: "POST",
    url: `http://${call.getHost()}${call.getPath()}`,
    timeoutMs: Number.isFinite(deadline) ? deadline - Date.now() : undefined,
    requestHeader: headersOf(call.metadata),
    requestSignal,
  });
}

function headersOf(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of [values].flat()) headers.append(name, String(value));
  }
  return headers;
}

function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) metadata.add(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  return metadata;
}

function statusOf(error: ConnectError) {
  const trailers = setTrailerStatus(new Headers(), error);
  trailers.delete("grpc-status");
  trailers.delete("grpc-message");
  return { code: error.code, details: error.rawMessage, metadata: metadataOf(trailers) };
}
