import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type {
  Answer,
  Ask,
  Command,
  GrpcOutcome,
  GrpcRequest,
  HttpOutcome,
  HttpRequest,
  LoadResult,
  StreamsOutcome,
  StreamsRequest,
  TcpRequest,
} from "../client/protocol.ts";
import type { Pod } from "./kube.ts";
import { namespaceOf, REPOSITORY } from "./lab.ts";

/** A client inside a Pod's network namespace, an ordinary user there: to the mesh its calls are the Pod's. */
export type Agent = {
  /** Makes one call. */
  grpc(request: GrpcRequest): Promise<GrpcOutcome>;
  /** Makes count calls, concurrency at a time (default 1). */
  grpcMany(request: GrpcRequest, count: number, concurrency?: number): Promise<GrpcOutcome[]>;
  http(request: HttpRequest): Promise<HttpOutcome>;
  tcp(request: TcpRequest): Promise<string>;
  streams(request: StreamsRequest): Promise<StreamsOutcome>;
  /** Makes calls until it is ended, pauseMs (default 10) apart; {n} in the request becomes a number used once. */
  load(request: GrpcRequest | HttpRequest, pauseMs?: number): Promise<{ end(): Promise<LoadResult> }>;
  close(): Promise<void>;
};

const USER = "10001";

export function startAgent(pod: Pod): Agent {
  const asUser = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "--"];
  const command = [process.execPath, join(REPOSITORY, "test/mesh/client/agent.ts")];
  const child = spawn("ip", ["netns", "exec", namespaceOf(pod.ip), ...asUser, ...command], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH },
  });
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  const closed = once(child, "close").then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`the agent in ${pod.name} has ended`));
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, result } = JSON.parse(line) as Answer;
    waiting.get(id)?.resolve(result);
    waiting.delete(id);
  });
  let last = 0;

  function ask<T>(command: Command): Promise<T> {
    const ask: Ask = { id: ++last, command };
    return new Promise<T>((resolve, reject) => {
      waiting.set(ask.id, { resolve: (result) => resolve(result as T), reject });
      child.stdin.write(`${JSON.stringify(ask)}\n`);
    });
  }
  const grpcMany = (request: GrpcRequest, count: number, concurrency = 1) =>
    ask<GrpcOutcome[]>({ kind: "grpc", request, calls: { count, concurrency } });

  return {
    grpcMany,
    grpc: async (request) => (await grpcMany(request, 1))[0]!,
    http: (request) => ask({ kind: "http", request }),
    tcp: (request) => ask({ kind: "tcp", request }),
    streams: (request) => ask({ kind: "streams", request }),
    async load(request, pauseMs = 10) {
      const load = await ask<number>({ kind: "load", request, pauseMs });
      return { end: () => ask<LoadResult>({ kind: "end", load }) };
    },
    async close() {
      child.stdin.end();
      await closed;
    },
  };
}
