import {
  createRegistry,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromJson,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Health } from "../../../gen/grpc/health/v1/health_pb.js";
import { ServerReflection as ReflectionV1 } from "../../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ReflectionV1Alpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { roles } from "../../../src/roles.ts";
import { createGrpcTransport, type GrpcTransport } from "../../../src/rpc/client/transport.ts";
import type { GrpcOutcome, GrpcRequest } from "./protocol.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

const registry = createRegistry(...roles.flatMap((role) => role.services), Health, ReflectionV1, ReflectionV1Alpha);

export type GrpcCalls = {
  call(request: GrpcRequest): Promise<GrpcOutcome>;
};

/** Makes calls without retries of its own, over one connection for each target and authority. */
export function createGrpcCalls(): GrpcCalls {
  const transports = new Map<string, GrpcTransport>();

  function transportOf({ target, authority }: GrpcRequest): GrpcTransport {
    const key = `${target} ${authority}`;
    let transport = transports.get(key);
    if (transport === undefined) {
      const channelOptions = {
        "grpc.enable_retries": 0,
        "grpc.max_reconnect_backoff_ms": 500,
        "grpc.initial_reconnect_backoff_ms": 50,
        "grpc.service_config_disable_resolution": 1,
        ...(authority === undefined ? {} : { "grpc.default_authority": authority }),
      };
      transport = createGrpcTransport({ target: `dns:///${target}`, channelOptions });
      transports.set(key, transport);
    }
    return transport;
  }

  async function send(request: GrpcRequest): Promise<Omit<GrpcOutcome, "ms">> {
    const method = methodOf(request.method);
    const message = fromJson(method.input, request.message ?? {}, { registry });
    const transport = transportOf(request);
    const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    if (isUnary(method)) {
      const response = await transport.unary(method, undefined, timeoutMs, request.headers, message);
      const answer = toJson(method.output, response.message, { registry });
      return { code: "OK", message: "", answer, headers: textOf(response.header, response.trailer) };
    }
    if (!isStreaming(method)) throw new Error(`${request.method} is neither unary nor streaming`);
    const cancel = new AbortController();
    const response = await transport.stream(method, cancel.signal, timeoutMs, request.headers, once(message));
    try {
      for await (const first of response.message) {
        const answer = toJson(method.output, first, { registry });
        return { code: "OK", message: "", answer, headers: textOf(response.header) };
      }
      return { code: "OK", message: "", headers: textOf(response.header, response.trailer) };
    } finally {
      cancel.abort();
    }
  }

  return {
    async call(request) {
      const begun = performance.now();
      const ms = () => Math.round(performance.now() - begun);
      try {
        return { ...(await send(request)), ms: ms() };
      } catch (reason) {
        const error = ConnectError.from(reason);
        return { code: nameOf(error.code), message: error.rawMessage, headers: textOf(error.metadata), ms: ms() };
      }
    },
  };
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === "unary";
const isStreaming = (method: DescMethod): method is DescMethodStreaming => method.methodKind !== "unary";

function methodOf(path: string): DescMethod {
  const [service = "", name] = path.split("/");
  const method = registry.getService(service)?.methods.find((m) => m.name === name);
  if (method === undefined) throw new Error(`there is no method ${path}`);
  return method;
}

async function* once<T>(message: T): AsyncIterable<T> {
  yield message;
}

function textOf(...parts: Headers[]): Record<string, string> {
  return Object.fromEntries(parts.flatMap((headers) => [...headers]));
}

/** "PermissionDenied" -> "PERMISSION_DENIED" */
function nameOf(code: Code): string {
  return Code[code].replace(/(?!^)([A-Z])/g, "_$1").toUpperCase();
}
