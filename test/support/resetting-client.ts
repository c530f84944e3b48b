// A program in which our client's calls end early in every way, at random: aborted, past their deadline, answered while requests are queued
// and windows are closed. Run with an IPC channel: `resetting-client.ts MS [PORT]`; without a port, the server is in this process.
// It tells its parent {"calls"} a few times a second, so that a parent notices when it spins, and at last how many calls are on the heap.
import { setTimeout as delay } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { createClient } from "@connectrpc/connect";
import { Call } from "../../src/rpc/client/calls/call.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { ProbeService } from "./probe.ts";
import { startResettingServer } from "./resetting-server.ts";

/** What the parent is told; `kept`, at the end, are the calls on the heap. */
export type Progress = { readonly calls: number; readonly kept?: number };

const CONCURRENT = 16;

const [ms, given] = process.argv.slice(2).map(Number);
/** The prototypes of its classes, which count as well. */
const BEFORE = queryObjects(Call, { format: "count" });

const until = performance.now() + ms!;
const port = given ?? (await startResettingServer()).port;
const transport = createGrpcTransport({ target: `127.0.0.1:${port}`, defaultTimeoutMs: 1_000 });
const client = createClient(ProbeService, transport);
let calls = 0;

const below = (n: number) => Math.floor(Math.random() * n);

/** Messages of one of many sizes. Small ones without end fill a window but for a few bytes: the case in which close() hangs. */
async function* requests() {
  if (below(2) === 0) for (;;) yield { payload: { text: "stop" } };
  const size = [0, 100, 3_000, 16_384, 70_000][below(5)]!;
  for (let i = below(30); i > 0; i--) {
    yield { payload: { blob: new Uint8Array(size) } };
    if (below(10) === 0) await delay(below(3));
  }
}

async function call(): Promise<unknown> {
  const abort = new AbortController();
  if (below(2) === 0) setTimeout(() => abort.abort(), below(15));
  const options = { signal: abort.signal, ...(below(4) === 0 && { timeoutMs: 1 + below(10) }) };
  if (below(3) === 0) return client.unary({ payload: { blob: new Uint8Array(below(100_000)) } }, options);
  if (below(2) === 0) return client.clientStream(requests(), options);
  const most = below(20);
  let n = 0;
  for await (const _ of client.bidiStream(requests(), options)) {
    if (++n > most) abort.abort();
  }
  return undefined;
}

async function loop(): Promise<void> {
  while (performance.now() < until) {
    await call().catch(() => {});
    calls++;
  }
}

process.send?.({ calls } satisfies Progress);
const told = setInterval(() => process.send?.({ calls } satisfies Progress), 200);
await Promise.all(Array.from({ length: CONCURRENT }, loop));
clearInterval(told);
await delay(100); // callbacks of streams that were reset last
process.send?.({ calls, kept: queryObjects(Call, { format: "count" }) - BEFORE } satisfies Progress);
process.disconnect?.();
process.exit();
