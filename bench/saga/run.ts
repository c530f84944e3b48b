// Measures an order, from HTTP to the ledger and back, beside its twin in NestJS on the same PostgreSQL. Prints Markdown; needs Linux.
//
//   node bench/saga/run.ts [--quick]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSink } from "../sink.ts";
import { closedLoop, type Load, openLoop, quantile, startLoad } from "./load.ts";
import { type MeasuredPostgres, startMeasuredPostgres } from "./postgres.ts";
import type { MeasuredShop } from "./role-processes.ts";
import { startNest, startOurs } from "./shops.ts";

export type SagaTiming = {
  /** Pairs of windows; each is one at saturation and one, twice as long, at 70 % of the capacity that it has shown. */
  readonly pairs: number;
  readonly windowMs: number;
  /** What is placed before the first window, so that the code is compiled. */
  readonly warmupOrders: number;
};

export type SagaFigures = {
  readonly ordersPerSecond: number[];
  /** CPU time of the four roles per order, in microseconds. */
  readonly cpuMicros: number[];
  /** CPU time of PostgreSQL per order, in microseconds. */
  readonly databaseCpuMicros: number[];
  /** Milliseconds at 70 % of its capacity, from the moment at which the order was due. */
  readonly p50: number[];
  readonly p99: number[];
  /** What was answered instead of an order: on a machine that others use, ours refuses or times out where its twin waits for ever. */
  readonly faults: string[];
};

/** Of each window in its order: the n-th of one shop and the n-th of the other are a pair. */
export type SagaResult = Readonly<Record<"tracemesh" | "nestjs", SagaFigures>>;

export const FULL: SagaTiming = { pairs: 8, windowMs: 4000, warmupOrders: 4000 };
export const QUICK: SagaTiming = { pairs: 2, windowMs: 2000, warmupOrders: 500 };

const CONCURRENCY = 16;
const LOADED = 0.7;

type Subject = { readonly shop: MeasuredShop; readonly load: Load; readonly figures: SagaFigures };

/** Starts both shops, measures them in turns, and ends them. */
export async function measureSaga({ pairs, windowMs, warmupOrders }: SagaTiming): Promise<SagaResult> {
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-saga-"));
  const [postgres, sink] = [await startMeasuredPostgres(), await startSink()];
  const subjects: Subject[] = [];
  try {
    for (const [name, start] of [["tracemesh", startOurs] as const, ["nestjs", startNest] as const]) {
      const shop = await start({
        folder: mkdtempSync(join(folder, name)),
        databaseUrl: await postgres.create(name),
        backend: sink.env(name),
      });
      const figures = { ordersPerSecond: [], cpuMicros: [], databaseCpuMicros: [], p50: [], p99: [], faults: [] };
      subjects.push({ shop, load: startLoad(shop.url, 4 * CONCURRENCY), figures });
    }
    for (const { load } of subjects) await warm(load, warmupOrders);
    for (let pair = 0; pair < pairs; pair++) {
      for (const subject of turn(subjects, pair)) {
        const capacity = await saturate(subject, postgres, windowMs);
        await observe(subject, LOADED * capacity, 2 * windowMs);
      }
    }
    sink.checkSpans("tracemesh", ["tracemesh"]);
    sink.checkSpans(
      "nestjs",
      ["http", "grpc", "pg"].map((library) => `@opentelemetry/instrumentation-${library}`),
    );
    return { tracemesh: subjects[0]!.figures, nestjs: subjects[1]!.figures };
  } finally {
    for (const { shop, load } of subjects) {
      load.close();
      await shop.close();
    }
    await sink.close();
    await postgres.remove();
    rmSync(folder, { recursive: true });
  }
}

/** a b, b a, a b, … so that what changes slowly falls on both alike. */
const turn = (subjects: Subject[], pair: number): Subject[] => (pair % 2 === 0 ? subjects : subjects.toReversed());

async function warm(load: Load, orders: number): Promise<void> {
  let left = orders;
  const worker = async () => {
    // Where others use the machine too, calls may come too late until the code is compiled.
    while (left-- > 0) await load.order().catch(() => {});
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

/** As many orders a second as it can take. */
async function saturate({ shop, load, figures }: Subject, postgres: MeasuredPostgres, ms: number): Promise<number> {
  const before = { shop: shop.cpuMicros(), postgres: postgres.cpuMicros() };
  const { seconds, latencies, faults } = await closedLoop(load.order, CONCURRENCY, ms);
  const perSecond = latencies.length / seconds;
  figures.ordersPerSecond.push(perSecond);
  figures.cpuMicros.push((shop.cpuMicros() - before.shop) / latencies.length);
  figures.databaseCpuMicros.push((postgres.cpuMicros() - before.postgres) / latencies.length);
  figures.faults.push(...faults);
  return perSecond;
}

async function observe({ load, figures }: Subject, perSecond: number, ms: number): Promise<void> {
  const { latencies, faults } = await openLoop(load.order, perSecond, ms);
  figures.p50.push(quantile(latencies, 0.5));
  figures.p99.push(quantile(latencies, 0.99));
  figures.faults.push(...faults);
}

const TITLES: Record<Exclude<keyof SagaFigures, "faults">, string> = {
  ordersPerSecond: "orders/s at saturation",
  cpuMicros: "CPU us of four roles per order",
  databaseCpuMicros: "CPU us of PostgreSQL per order",
  p50: "p50 ms at 70 % of its capacity",
  p99: "p99 ms at 70 % of its capacity",
};

/** Medians of both shops, and the median of the pairs' ratios. */
export function toMarkdown({ tracemesh, nestjs }: SagaResult): string {
  const rows = (Object.keys(TITLES) as (keyof typeof TITLES)[]).map((name) => {
    const ratios = tracemesh[name].map((own, i) => own / nestjs[name][i]!);
    const cells = [TITLES[name], median(tracemesh[name]).toFixed(0), median(nestjs[name]).toFixed(0), spread(ratios)];
    return `| ${cells.join(" | ")} |`;
  });
  const head = [
    "| Order saga on PostgreSQL | tracemesh | NestJS | ratio: median [lowest-highest] |",
    "|---|---:|---:|---:|",
  ];
  const failed = `| orders that failed | ${tracemesh.faults.length} | ${nestjs.faults.length} | |`;
  return `${[...head, ...rows, failed].join("\n")}\n${faultsOf("tracemesh", tracemesh)}${faultsOf("nestjs", nestjs)}`;
}

/** How often each fault came, the most frequent first. */
function faultsOf(name: string, { faults }: SagaFigures): string {
  const counts = Map.groupBy(faults, (fault) => fault.replaceAll(/[0-9a-f]{8}-[-0-9a-f]{27}|[0-9a-f]{32}/g, "…"));
  const sorted = [...counts].toSorted(([, a], [, b]) => b.length - a.length);
  return sorted.map(([fault, all]) => `\n- ${name}, ${all.length} times: ${fault}\n`).join("");
}

const median = (values: readonly number[]): number => (quantile(values, 0.5) + quantile(values, 0.4999)) / 2;
const spread = (values: readonly number[]): string =>
  `${median(values).toFixed(2)} [${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}]`;

if (import.meta.main) {
  const { values: flags } = parseArgs({ options: { quick: { type: "boolean" } } });
  process.stdout.write(toMarkdown(await measureSaga(flags.quick ? QUICK : FULL)));
}
