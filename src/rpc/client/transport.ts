import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import type {
  ContextValues,
  Interceptor,
  StreamRequest,
  StreamResponse,
  Transport,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import {
  Channel,
  type ChannelCredentials,
  type ChannelInterface,
  type ChannelOptions,
  credentials,
  Metadata,
} from "@grpc/grpc-js";
import { Input } from "./input.ts";
import { type HeadersInit, MetadataHeaders } from "./metadata-headers.ts";
import { createMethod, type Method } from "./method.ts";
import { ClientRequest } from "./request.ts";
import { openStream } from "./stream-call.ts";
import { originOf } from "./target.ts";
import { callUnary } from "./unary-call.ts";

export type GrpcTransportOptions = {
  /** A grpc-js target: "dns:///users:8080", "ipv4:10.0.0.1:80,10.0.0.2:80", "xds:///users", "unix:/run/users.sock". */
  readonly target: string;
  /** Default: plaintext. */
  readonly credentials?: ChannelCredentials;
  /** Options of the grpc-js channel, such as keepalive, service config and the message limit (default: 4 MB received). */
  readonly channelOptions?: ChannelOptions;
  /** The first one is outermost. They are composed once for the transport, not for each call. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** Timeout of calls that set none. Calls with a timeoutMs of 0 or less have no deadline. Default: none. */
  readonly defaultTimeoutMs?: number;
  /** Whether calls wait, up to their deadline, while no server can be reached, instead of failing with UNAVAILABLE. Default: false. */
  readonly waitForReady?: boolean;
};

export type GrpcTransport = Transport & {
  readonly channel: ChannelInterface;
  /** Lets calls in flight finish, then closes connections. New calls fail with UNAVAILABLE. */
  close(): void;
};

type AnyCall = ReturnType<Interceptor>;

/**
 * A Connect Transport over a grpc-js channel: Connect clients get its name resolution, load balancing, retries by service config and
 * keepalive, at the CPU cost of a bare grpc-js client. Signals, timers and Headers are made only when they are used.
 *
 * The channel connects with the first call. Calls reject with ConnectError.
 */
export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  const { target, channelOptions = {}, interceptors = [], defaultTimeoutMs, waitForReady = false } = options;
  const channel = new Channel(target, options.credentials ?? credentials.createInsecure(), channelOptions);
  const methodOf = methodsAt(originOf(target));
  const noHeaders = new Metadata({ waitForReady });
  const direct = interceptors.length === 0;
  const intercepted = interceptors.reduceRight<AnyCall>((next, interceptor) => interceptor(next), send);

  function deadlineOf(timeoutMs = defaultTimeoutMs): number {
    return timeoutMs === undefined || timeoutMs <= 0 ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  }

  function metadataOf(header: HeadersInit | undefined): Metadata {
    return header === undefined ? noHeaders : MetadataHeaders.toMetadata(MetadataHeaders.from(header), noHeaders);
  }

  /** Called by the innermost interceptor. */
  function send(request: UnaryRequest | StreamRequest): Promise<UnaryResponse | StreamResponse> {
    try {
      const deadline = ClientRequest.deadlineOf(request);
      const metadata = MetadataHeaders.toMetadata(request.header, noHeaders);
      if (!request.stream) {
        const signal = ClientRequest.signalOf(request);
        return callUnary({ channel, method: methodOf(request.method), signal, deadline, metadata }, request.message);
      }
      const { method, signal, message } = request;
      const start = { channel, method: methodOf(method), signal, deadline, metadata };
      return openStream(start, message, ClientRequest.inputOf(request));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async function unary<I extends DescMessage, O extends DescMessage>(
    desc: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    init: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const method = methodOf(desc);
    const deadline = deadlineOf(timeoutMs);
    const message = create(desc.input, init);
    if (direct) {
      const start = { channel, method, signal, deadline, metadata: metadataOf(header) };
      return (await callUnary(start, message)) as UnaryResponse<I, O>;
    }
    const request = new ClientRequest({ method, signal, deadline, header, contextValues, message });
    try {
      const response = await intercepted(request.typed);
      request.end();
      return response as UnaryResponse<I, O>;
    } catch (error) {
      throw request.fail(error);
    }
  }

  async function stream<I extends DescMessage, O extends DescMessage>(
    desc: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    messages: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const method = methodOf(desc);
    const deadline = deadlineOf(timeoutMs);
    const message = new Input(desc.input, messages);
    if (direct) {
      const start = { channel, method, signal, deadline, metadata: metadataOf(header) };
      return (await openStream(start, message, message)) as StreamResponse<I, O>;
    }
    const request = new ClientRequest({ method, signal, deadline, header, contextValues, message });
    return (await interceptedStream(request, message)) as StreamResponse<I, O>;
  }

  /** Ends the request with the last message of the response, or with the first error. */
  async function interceptedStream(request: ClientRequest, input: Input): Promise<StreamResponse> {
    function ended<T>(result: IteratorResult<T>): IteratorResult<T> {
      if (result.done) request.end();
      return result;
    }
    function failed(reason: unknown): never {
      const error = request.fail(reason);
      input.close(error);
      throw error;
    }
    try {
      const response = (await intercepted(request.typed)) as StreamResponse;
      const messages = response.message[Symbol.asyncIterator]();
      const next = () => messages.next().then(ended, failed);
      return { ...response, message: { [Symbol.asyncIterator]: () => ({ next }) } };
    } catch (reason) {
      return failed(reason);
    }
  }

  return {
    channel,
    unary,
    stream,
    close: () => channel.close(),
  };
}

/** Makes the Method of a descriptor once, for a server's origin. */
function methodsAt(origin: string): <D extends DescMethod>(desc: D) => Method<D> {
  const methods = new WeakMap<DescMethod, Method>();
  return <D extends DescMethod>(desc: D) => {
    let method = methods.get(desc);
    if (method === undefined) {
      method = createMethod(desc, origin);
      methods.set(desc, method);
    }
    return method as Method<D>;
  };
}
