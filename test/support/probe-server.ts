import type { Interceptor } from "@connectrpc/connect";
import { context } from "@opentelemetry/api";
import { serverHooks } from "../../src/rpc/hooks/hooked.ts";
import type { RpcServerOptions } from "../../src/rpc/server/options.ts";
import { createRpcServer, type RpcServer } from "../../src/rpc/server/server.ts";
import { createProbe, type Probe } from "./probe.ts";

export type ProbeServer = RpcServer & {
  readonly port: number;
  readonly baseUrl: string;
  readonly seen: Probe["seen"];
  /** What onError was told. */
  readonly errors: unknown[];
};

/** A server of a fresh probe on a port of loopback (default: a free one), with further services and options. */
export async function startProbeServer(options: Partial<RpcServerOptions> = {}, at?: number): Promise<ProbeServer> {
  const { service, seen } = createProbe();
  const errors: unknown[] = [];
  const server = createRpcServer({
    ...options,
    services: [service, ...(options.services ?? [])],
    onError: (error) => errors.push(error),
  });
  const port = await server.listen(at);
  return { ...server, port, baseUrl: `http://127.0.0.1:${port}`, seen, errors };
}

/** Reads of a request what can be read, and passes it on as it is. */
const reading: Interceptor = (next) => async (request) => {
  new URL(request.url);
  request.header.get("x-none");
  if (request.signal.aborted) throw new Error("aborted before the handler");
  return await next(request);
};

/** Passes on copies, as many interceptors do. */
const copying: Interceptor = (next) => async (request) => {
  const response = await next({ ...request, header: new Headers(request.header) });
  return { ...response, header: new Headers(response.header) };
};

/** Does nothing, but with all that hooks can do. */
const hooks = (): Interceptor =>
  serverHooks({
    start: ({ header }) => header.get("x-none"),
    within: () => context.active(),
    check: () => {},
    mapError: async (_, error) => error,
    end: () => {},
  });

/** The ways in which tests run a server: its calls must mean the same. */
export const INTERCEPTIONS: readonly (readonly [string, readonly Interceptor[]])[] = [
  ["without interceptors", []],
  ["with interceptors that read and copy", [reading, copying]],
  ["with hooks", [hooks(), hooks()]],
  ["with hooks around an interceptor", [hooks(), copying, hooks()]],
];
