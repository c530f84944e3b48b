// Who calls whom: what the workloads have counted, asked for again and again.
import { createClient } from "@connectrpc/connect";
import { signal } from "@preact/signals";
import { type CallSeries, CallSeries_Side as Side, TrafficService } from "../../gen/mesh/v1/console_service_pb.js";
import { percentile } from "./percentile.ts";
import { ownerOf, serves, type Workload, workloadsNow } from "./system.ts";

/** Calls of one method by one caller, in the last seconds. */
export type Flow = {
  /** A workload, or OUTSIDE. */
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly perSecond: number;
  /** The share that failed, from 0 to 1. */
  readonly failed: number;
  /** Of all ends, such as "OK" and "NOT_FOUND", how many calls a second. */
  readonly statuses: ReadonlyMap<string, number>;
  /** In seconds. */
  readonly p50: number;
  readonly p99: number;
};

export const OUTSIDE = "outside";

const ASK_EVERY_MS = 2000;
/** What rates and percentiles are about. */
const WINDOW_MS = 10_000;

/** What a workload had counted at a time. */
type Count = { readonly at: number; readonly series: readonly CallSeries[] };

export const flows = signal<readonly Flow[]>([]);
/** Workloads that do not tell what they counted. */
export const silent = signal<readonly string[]>([]);

/** Keeps `flows` up to date until the returned function is called. Pages that nobody looks at ask nothing. */
export function followTraffic(): () => void {
  const counts = new Map<string, Count[]>();
  const ended = new AbortController();
  let isAsking = false;
  const ask = async () => {
    if (document.hidden || isAsking) return;
    isAsking = true;
    try {
      await askAll();
    } finally {
      isAsking = false;
    }
  };
  const askAll = async () => {
    const workloads = workloadsNow().filter((workload) => serves(workload, TrafficService.typeName));
    const heard = await Promise.all(workloads.map((workload) => askOne(workload, counts, ended.signal)));
    if (ended.signal.aborted) return;
    const unheard = workloads.filter((_, i) => !heard[i]);
    silent.value = [...unheard, ...workloadsNow().filter(({ fault }) => fault !== "")].map(({ name }) => name);
    flows.value = inPlace(
      flows.value,
      workloads.flatMap(({ name }) => flowsOf(name, counts.get(name) ?? [])),
    );
  };
  void ask();
  const timer = setInterval(ask, ASK_EVERY_MS);
  return () => {
    ended.abort();
    clearInterval(timer);
  };
}

/** What was seen before stays where it was, and shows when it is silent. */
function inPlace(before: readonly Flow[], now: readonly Flow[]): Flow[] {
  const keyOfFlow = ({ from, to, method }: Flow) => `${from} ${to} ${method}`;
  const all = new Map(before.map((flow) => [keyOfFlow(flow), silenced(flow)]));
  for (const flow of now) all.set(keyOfFlow(flow), flow);
  return [...all.values()];
}

const silenced = ({ from, to, method }: Flow): Flow => {
  const nothing = { perSecond: 0, failed: 0, statuses: new Map(), p50: Number.NaN, p99: Number.NaN };
  return { from, to, method, ...nothing };
};

async function askOne({ name, transport }: Workload, counts: Map<string, Count[]>, signal: AbortSignal) {
  try {
    const { series } = await createClient(TrafficService, transport).getTraffic(
      {},
      { signal, timeoutMs: ASK_EVERY_MS },
    );
    const at = performance.now();
    // The one before the window is its begin.
    const before = (counts.get(name) ?? []).filter((count) => at - count.at <= WINDOW_MS + ASK_EVERY_MS);
    counts.set(name, [...before, { at, series }]);
    return true;
  } catch {
    counts.delete(name);
    return false;
  }
}

/** The calls that a workload made, and those that came to it from outside, between the first and the last count. */
function flowsOf(name: string, counts: readonly Count[]): Flow[] {
  const [first, last] = [counts[0], counts.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const seconds = (last.at - first.at) / 1000;
  const before = new Map(first.series.map((series) => [keyOf(series), series.counts]));
  const byMethod = Map.groupBy(
    last.series.filter((series) => isOfSystem(name, series)),
    ({ side, method }) => `${side} ${method}`,
  );
  return [...byMethod.values()].flatMap((all) => {
    const ends = all.map((series) => ({ series, counts: since(series.counts, before.get(keyOf(series))) }));
    const total = ends.reduce<number[]>((sums, { counts }) => counts.map((n, i) => n + (sums[i] ?? 0)), []);
    const calls = sum(total);
    if (calls === 0) return [];
    const { side, method, bounds } = all[0]!;
    return {
      from: side === Side.CLIENT ? name : OUTSIDE,
      to: side === Side.CLIENT ? (ownerOf(method.split("/")[0] ?? "")?.name ?? method) : name,
      method,
      perSecond: calls / seconds,
      failed: sum(ends.filter(({ series }) => series.failed).flatMap(({ counts }) => counts)) / calls,
      statuses: new Map(ends.map(({ series, counts }) => [series.status, sum(counts) / seconds])),
      p50: percentile(bounds, total, 0.5),
      p99: percentile(bounds, total, 0.99),
    };
  });
}

const keyOf = ({ side, method, status, failed }: CallSeries): string => `${side} ${method} ${status} ${failed}`;

/** A workload that began anew has counted less than before. */
function since(counts: readonly bigint[], before: readonly bigint[] | undefined): number[] {
  const isAnew = before?.some((count, i) => count > (counts[i] ?? 0n)) ?? true;
  return counts.map((count, i) => Number(isAnew ? count : count - (before?.[i] ?? 0n)));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

/** What probes, pages and this console ask for is no traffic of the system. What a workload serves is counted by those who called. */
function isOfSystem(name: string, { side, method }: CallSeries): boolean {
  if (/^(mesh|grpc)\.|^\S+ \/($|assets\/|console|health$|openapi\.json$)/.test(method)) return false;
  return side === Side.CLIENT || workloadsNow().find((workload) => workload.name === name)?.basePath === "";
}
