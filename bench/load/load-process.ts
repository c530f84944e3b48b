// The load generator, in its own process and on its own core. Each message from the parent is one window.
import { setPriority } from "node:os";
import { serve } from "../measured-process.ts";
import { streamWire, unaryWire } from "../probe.ts";
import { REST_PATH } from "../rest-call.ts";
import type { ClientTls } from "../tls.ts";
import type { OpenConnections } from "./connections.ts";
import { openGrpc } from "./grpc-connections.ts";
import { openHttp1 } from "./http1-connections.ts";
import { closedLoop, openLoop } from "./loops.ts";

export type Call = "unary" | "stream" | "rest";

export type LoadOrder = {
  readonly port: number;
  readonly call: Call;
  readonly ms: number;
  readonly tls?: ClientTls | undefined;
} & (
  | { readonly concurrency: number }
  /** Calls a second, in an open loop. */
  | { readonly rate: number }
);
export type LoadReport = { calls: number; seconds: number; p50Ms: number; p99Ms: number };

/** What else is on this core, such as the service behind a gateway, goes before a loop that looks at the clock all the time. */
setPriority(19);

serve(async (order: LoadOrder): Promise<LoadReport> => {
  const open = opener(order);
  const { calls, seconds, latencies } = await ("rate" in order
    ? openLoop(open, order.rate, order.ms)
    : closedLoop(open, order.concurrency, order.ms));
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0;
  return { calls, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
});

function opener({ port, call, tls }: LoadOrder): OpenConnections {
  if (call === "rest") return (listener) => openHttp1(port, REST_PATH, listener);
  return (listener) => openGrpc(port, call === "unary" ? unaryWire : streamWire, listener, tls);
}
