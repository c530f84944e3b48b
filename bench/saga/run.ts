// Measures an order, from HTTP to the ledger and back, beside its twin in NestJS on the same PostgreSQL. Prints Markdown; needs Linux.
//
//   node bench/saga/run.ts [--quick] [--record]
//
// --record writes the results into bench/results/saga and draws the documents anew.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDocuments } from "../report/documents.ts";
import { sagaTable } from "../report/saga.ts";
import { conditionsOf, latestResults, record, type SagaResults } from "../results.ts";
import { startSink } from "../sink.ts";
import type { SagaFigures, SagaResult } from "./figures.ts";
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
      const figures = { ordersPerSecond: [], cpuMicros: [], databaseCpuMicros: [], p50: [], p99: [], faults: {} };
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
  addTo(figures.faults, faults);
  return perSecond;
}

async function observe({ load, figures }: Subject, perSecond: number, ms: number): Promise<void> {
  const { latencies, faults } = await openLoop(load.order, perSecond, ms);
  figures.p50.push(quantile(latencies, 0.5));
  figures.p99.push(quantile(latencies, 0.99));
  addTo(figures.faults, faults);
}

const ID = /[0-9a-f]{8}-[-0-9a-f]{27}|[0-9a-f]{32}/g;

function addTo(counts: Record<string, number>, faults: readonly string[]): void {
  for (const fault of faults) {
    const kind = fault.replaceAll(ID, "…");
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
}

if (import.meta.main) {
  const { values: flags } = parseArgs({ options: { quick: { type: "boolean" }, record: { type: "boolean" } } });
  if (flags.quick && flags.record) throw new Error("only a full run is recorded: leave out --quick or --record");
  const begun = new Date();
  const timing = flags.quick ? QUICK : FULL;
  const shops = await measureSaga(timing);
  const conditions = conditionsOf(begun, { quick: flags.quick, pinned: false });
  const results: SagaResults = { ...conditions, windowMs: timing.windowMs, shops };
  process.stdout.write(`${sagaTable(results)}\n`);
  if (flags.record) {
    record("saga", results);
    writeDocuments(latestResults());
  }
}
