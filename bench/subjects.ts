// Servers and clients under test, for measurePaired(). Each is a new process, whose answers are checked besides being measured.
import { SCOPE } from "../src/telemetry/scope.ts";
import { again } from "./again.ts";
import { checkGrpc } from "./check-grpc.ts";
import type { ClientKind, ClientOrder } from "./client-process.ts";
import type { Call, LoadOrder, LoadReport } from "./load/load-process.ts";
import { type MeasuredProcess, startProcess } from "./measured-process.ts";
import type { Subject, Window } from "./paired.ts";
import { Core } from "./pinning.ts";
import { checkRest } from "./rest-call.ts";
import { startServer } from "./server-under-test.ts";
import { grpcServer, type Server } from "./servers.ts";
import type { Sink } from "./sink.ts";
import { type ClientTls, tlsOf } from "./tls.ts";

/** Calls in flight: enough to keep one core busy, but not enough to overload it. */
export const CONCURRENCY: Readonly<Record<Call, number>> = { unary: 64, stream: 8, rest: 32 };

export type Load = MeasuredProcess<LoadOrder, LoadReport>;

export function startLoad(): Promise<Load> {
  return startProcess(Core.OTHER, "load/load-process.ts");
}

export async function checkAnswers(call: Call, port: number, tls?: ClientTls): Promise<void> {
  await (call === "rest" ? checkRest(port) : checkGrpc(port, tls));
}

/** One server may be called in several ways, which make different spans. */
const sinkName = (call: Call, { key }: Server): string => `${call}-${key}`;

/** Starts a server on the measured core, with the sink as its telemetry backend. Rejects if its answers are wrong. */
export async function startMeasured(server: Server, call: Call, sink: Sink) {
  const tls = server.tls && (await tlsOf(server.tls));
  const env = { ...sink.env(sinkName(call, server)), ...server.env, ...tls?.env };
  const started = await startServer(Core.MEASURED, { ...server, env });
  await checkAnswers(call, started.port, tls?.client);
  return { ...started, tls: tls?.client };
}

/** A server, called by the load generator. */
export async function serverSubject(server: Server, call: Call, load: Load, sink: Sink): Promise<Subject> {
  const { port, cpuMicros, close, tls } = await startMeasured(server, call, sink);
  return {
    measure: (ms) =>
      again(async () => {
        const before = cpuMicros();
        const { calls, seconds } = await load.send({ port, call, tls, concurrency: CONCURRENCY[call], ms });
        return { calls, seconds, cpuMicros: cpuMicros() - before };
      }),
    async close() {
      await checkAnswers(call, port, tls);
      sink.checkSpans(sinkName(call, server), server.spansOf);
      await close();
    },
  };
}

/** A client of this kind, with a server of its own. */
export async function clientSubject(kind: ClientKind, call: ClientOrder["call"], sink: Sink): Promise<Subject> {
  const key = `client-${kind}`;
  const server = await startServer(Core.OTHER, grpcServer("plain"));
  const args = [kind, String(server.port)];
  const client = await startProcess<ClientOrder, Window>(Core.MEASURED, "client-process.ts", args, sink.env(key));
  return {
    measure: (ms) => client.send({ call, concurrency: CONCURRENCY[call], ms }),
    async close() {
      if (kind === "instrumented") sink.checkSpans(key, ["@opentelemetry/instrumentation-grpc"]);
      if (kind === "intercepted") sink.checkSpans(key, [SCOPE.name]);
      await client.close();
      await server.close();
    },
  };
}
