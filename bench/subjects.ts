// Servers and clients under test, for measurePaired(). Each is a new process, whose answers are checked after it was measured.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../src/rpc/client/transport.ts";
import { ProbeService } from "../test/gen/probe/v1/probe_pb.js";
import type { ClientKind, ClientOrder } from "./client-process.ts";
import type { LoadOrder, LoadReport } from "./load-process.ts";
import { type MeasuredProcess, startProcess } from "./measured-process.ts";
import type { Subject, Window } from "./paired.ts";
import { checkPayload, STREAM_LENGTH, streamRequest, unaryRequest } from "./probe.ts";
import type { ServerKind } from "./server-process.ts";

/** The core for what is measured, and the core for everything else. */
const MEASURED = 0;
const OTHER = 1;

export type Call = "unary" | "stream";

/** Calls in flight: enough to keep one core busy, but not enough to overload it. */
const CONCURRENCY: Record<Call, number> = { unary: 64, stream: 8 };

type Load = MeasuredProcess<LoadOrder, LoadReport>;

export function startLoad(): Promise<Load> {
  return startProcess(OTHER, "load-process.ts");
}

/** A server of this kind, called by the load generator. */
export async function serverSubject(kind: ServerKind, call: Call, load: Load): Promise<Subject> {
  const server = await startProcess<null, NodeJS.CpuUsage>(MEASURED, "server-process.ts", [kind]);
  const port = server.ready as number;
  return {
    async measure(ms) {
      const before = await server.send(null);
      const { calls, seconds } = await load.send({ port, call, concurrency: CONCURRENCY[call], ms });
      const after = await server.send(null);
      return { calls, seconds, cpuMicros: after.user - before.user + after.system - before.system };
    },
    async close() {
      await checkServer(port);
      await server.close();
    },
  };
}

/** A client of this kind, with a server of its own. */
export async function clientSubject(kind: ClientKind, call: Call): Promise<Subject> {
  const server = await startProcess<null, NodeJS.CpuUsage>(OTHER, "server-process.ts", ["plain"]);
  const client = await startProcess<ClientOrder, Window>(MEASURED, "client-process.ts", [kind, String(server.ready)]);
  return {
    measure: (ms) => client.send({ call, concurrency: CONCURRENCY[call], ms }),
    async close() {
      await client.close();
      await server.close();
    },
  };
}

/** The load generator checks only sizes. Here a real client reads the answers and their statuses. */
async function checkServer(port: number): Promise<void> {
  const transport = createGrpcTransport({ target: `127.0.0.1:${port}` });
  const client = createClient(ProbeService, transport);
  for (let i = 0; i < 100; i++) checkPayload((await client.unary(unaryRequest)).payload);
  let count = 0;
  for await (const { payload } of client.serverStream(streamRequest)) {
    checkPayload(payload);
    count++;
  }
  if (count !== STREAM_LENGTH) throw new Error(`a stream of ${count} messages, not ${STREAM_LENGTH}`);
  transport.close();
}
