// Makes calls from inside a Pod's network namespace, for checks outside of it. Ends with its stdin.
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { createGrpcCalls } from "./grpc-calls.ts";
import { type Load, startLoad } from "./load.ts";
import type { Answer, Ask, Command, GrpcRequest, HttpOutcome, HttpRequest, TcpRequest } from "./protocol.ts";
import { openStreams } from "./raw-http2.ts";

const HTTP_TIMEOUT_MS = 20_000;
const TCP_TIMEOUT_MS = 5_000;

const grpc = createGrpcCalls();
const loads = new Map<number, Load>();

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line) as Ask;
  void execute(ask.id, ask.command).then((result) => {
    const answer: Answer = { id: ask.id, result };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
}
process.exit(0);

async function execute(id: number, command: Command): Promise<unknown> {
  switch (command.kind) {
    case "grpc":
      return repeat(command.calls.count, command.calls.concurrency, () => grpc.call(command.request));
    case "http":
      return http(command.request);
    case "tcp":
      return tcp(command.request);
    case "streams":
      return openStreams(command.request);
    case "load": {
      const call = (n: number) => {
        const request = numbered(command.request, `${id}-${n}`);
        return "url" in request ? http(request) : grpc.call(request);
      };
      loads.set(id, startLoad(call, command.pauseMs));
      return id;
    }
    case "end":
      return loads.get(command.load)?.end();
  }
}

async function repeat<T>(count: number, concurrency: number, call: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let begun = 0;
  async function worker(): Promise<void> {
    while (begun++ < count) results.push(await call());
  }
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}

async function http({ url, ...init }: HttpRequest): Promise<HttpOutcome> {
  const begun = performance.now();
  const ms = () => Math.round(performance.now() - begun);
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(HTTP_TIMEOUT_MS) });
    const body = await response.text();
    return { status: response.status, headers: Object.fromEntries(response.headers), body, ms: ms() };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return { status: 0, headers: {}, body: `${error}${cause}`, ms: ms() };
  }
}

function tcp({ host, port, text }: TcpRequest): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(port, host, () => socket.write(text));
  socket.setTimeout(TCP_TIMEOUT_MS, () => socket.destroy());
  socket.once("data", (data) => {
    resolve(data.toString());
    socket.destroy();
  });
  socket.on("error", () => {}); // "close" follows
  socket.once("close", () => resolve(""));
  return promise;
}

/** The request with a number in place of {n}. */
function numbered<T extends GrpcRequest | HttpRequest>(request: T, n: string): T {
  return JSON.parse(JSON.stringify(request).replaceAll("{n}", n)) as T;
}
