import type { ConnectionOptions as TlsOptions } from "node:tls";
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
import { hooksOfAll, joinHooks } from "../hooks/hooked.ts";
import { CallHeaders, type HeadersInit } from "./call-headers.ts";
import type { ChannelOptions } from "./channel-options.ts";
import { hookedStream, hookedUnary } from "./hooked-calls.ts";
import { http2Wire } from "./http2-wire.ts";
import { Input } from "./input.ts";
import { createMethod, type Method } from "./method.ts";
import { ClientRequest } from "./request.ts";
import { originOf } from "./target.ts";
import type { CallInit, Wire } from "./wire.ts";

export type TransportOptions = {
  /** The first one is outermost. They are composed once for the transport, not for each call. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** Timeout of calls that set none. Calls with a timeoutMs of 0 or less have no deadline. Default: none. */
  readonly defaultTimeoutMs?: number;
};

export type GrpcTransportOptions = TransportOptions & {
  /** A gRPC target: "dns:///users:8080", "users:8080", "ipv4:10.0.0.1:80,10.0.0.2:80", "unix:/run/users.sock". */
  readonly target: string;
  /** For node:tls, such as the certificate of an authority. Default: plaintext. */
  readonly tls?: TlsOptions;
  readonly channelOptions?: ChannelOptions;
  /** Whether calls wait, up to their deadline, while no server can be reached, instead of failing with UNAVAILABLE. Default: false. */
  readonly waitForReady?: boolean;
};

export type GrpcTransport = Transport & {
  /** Lets calls in flight finish, then closes connections. New calls fail with UNAVAILABLE. */
  close(): void;
};

type AnyCall = ReturnType<Interceptor>;

/**
 * A Connect Transport that speaks gRPC to all addresses of the target in turn. It connects with the first call. Calls reject
 * with ConnectError. Throws Error for a target that it cannot use.
 */
export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  const { target, tls, channelOptions = {}, waitForReady = false } = options;
  return createTransport(
    http2Wire({ target, tls, channelOptions, waitForReady }),
    originOf(target, tls === undefined ? "http" : "https"),
    options,
  );
}

/** A Connect Transport over a wire. Signals, timers and Headers are made only when they are used. */
export function createTransport(wire: Wire, origin: string, options: TransportOptions): GrpcTransport {
  const { interceptors = [], defaultTimeoutMs } = options;
  const methodOf = methodsAt(origin);
  const direct = interceptors.length === 0;
  const hooks = hooksOfAll(interceptors);
  const intercepted = joinHooks(interceptors).reduceRight<AnyCall>((next, interceptor) => interceptor(next), send);

  function deadlineOf(timeoutMs = defaultTimeoutMs): number {
    return timeoutMs === undefined || timeoutMs <= 0 ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  }

  /** Called by the innermost interceptor. */
  function send(request: UnaryRequest | StreamRequest): Promise<UnaryResponse | StreamResponse> {
    try {
      const { header } = request;
      const deadline = ClientRequest.deadlineOf(request);
      if (!request.stream) {
        const signal = ClientRequest.signalOf(request);
        return wire.unary({ method: methodOf(request.method), signal, deadline, header }, request.message);
      }
      const { method, signal, message } = request;
      const input = ClientRequest.inputOf(request);
      return wire.stream({ method: methodOf(method), signal, deadline, header }, message, input);
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
      const init: CallInit<DescMethodUnary> = { method, signal, deadline, header: headersOf(header) };
      return (await wire.unary(init, message)) as UnaryResponse<I, O>;
    }
    const asked = { method, signal, deadline, header, contextValues, message };
    if (hooks !== undefined) return (await hookedUnary(wire, hooks, asked)) as UnaryResponse<I, O>;
    const request = new ClientRequest(asked);
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
      const init: CallInit<DescMethodStreaming> = { method, signal, deadline, header: headersOf(header) };
      return (await wire.stream(init, message, message)) as StreamResponse<I, O>;
    }
    const asked = { method, signal, deadline, header, contextValues, message };
    if (hooks !== undefined) return (await hookedStream(wire, hooks, asked)) as StreamResponse<I, O>;
    const request = new ClientRequest(asked);
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

  return { unary, stream, close: wire.close };
}

function headersOf(init: HeadersInit | undefined): CallHeaders | undefined {
  return init === undefined ? undefined : CallHeaders.from(init);
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
