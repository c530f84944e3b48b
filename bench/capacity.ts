// How a server behaves at a load that it can bear: 70 % of what it did when it was asked for as much as it could.
import { again } from "./again.ts";
import type { Call, LoadOrder } from "./load/load-process.ts";
import type { Server } from "./servers.ts";
import type { Sink } from "./sink.ts";
import { CONCURRENCY, checkAnswers, type Load, startMeasured } from "./subjects.ts";

export const SHARE = 0.7;
/** Of each set: where others use the machine, it stands still for a window now and then, and that is no latency of anybody's. */
const OPEN_WINDOWS = 3;

export type CapacityOptions = {
  readonly call: Call;
  readonly servers: readonly Server[];
  /** How often each is started anew. */
  readonly sets: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly load: Load;
  readonly sink: Sink;
};

/** One value for each set; of latencies, one for each window. */
export type CapacityRow = {
  readonly name: string;
  /** In a closed loop, as in the paired measurements. */
  readonly callsPerSecond: number[];
  /** Of calls that begin at random times, at 70 % of that rate. */
  readonly p50Ms: number[];
  readonly p99Ms: number[];
  /** From the start of the process until it accepts connections, with nothing else running. */
  readonly readyMs: number[];
  /** After all calls. */
  readonly rssMiB: number[];
};

export async function measureCapacity({ servers, sets, ...options }: CapacityOptions): Promise<CapacityRow[]> {
  const rows = servers.map(({ label: name }) => ({
    name,
    callsPerSecond: [],
    p50Ms: [],
    p99Ms: [],
    readyMs: [],
    rssMiB: [],
  }));
  for (let set = 0; set < sets; set++) {
    for (const [i, server] of servers.entries()) await measureOne(server, rows[i]!, options);
  }
  return rows;
}

type OneOptions = Omit<CapacityOptions, "servers" | "sets">;

async function measureOne(server: Server, row: CapacityRow, { call, load, sink, ...times }: OneOptions): Promise<void> {
  const { port, readyMs, rssMiB, close } = await startMeasured(server, call, sink);
  const concurrency = CONCURRENCY[call];
  const send = (order: LoadOrder) => again(() => load.send(order));
  await send({ port, call, concurrency, ms: times.warmupMs });
  const { calls, seconds } = await send({ port, call, concurrency, ms: times.windowMs });
  row.callsPerSecond.push(calls / seconds);
  for (let window = 0; window < OPEN_WINDOWS; window++) {
    const { p50Ms, p99Ms } = await send({ port, call, rate: (SHARE * calls) / seconds, ms: times.windowMs });
    row.p50Ms.push(p50Ms);
    row.p99Ms.push(p99Ms);
  }
  row.readyMs.push(readyMs);
  row.rssMiB.push(rssMiB());
  await checkAnswers(call, port);
  await close();
}
