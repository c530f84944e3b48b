// Measures what an order, and reading orders, costs in shops that hold more and more of them. Prints Markdown; the largest takes 7 GB of disk.
//
//   node bench/saga/growth.ts [--engine postgresql|sqlite] [--sizes 1000,1000000,5000000] [--rounds 500] [--record]
//
// --record writes the results into bench/results/growth and draws the documents anew.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDocuments } from "../report/documents.ts";
import { growthTable } from "../report/saga.ts";
import { conditionsOf, type GrowthResults, latestResults, record } from "../results.ts";
import { startSink } from "../sink.ts";
import { CALLS, type Call, type GrowthResult } from "./figures.ts";
import { fillPostgres, fillSqlite } from "./fill.ts";
import { type Load, quantile, startLoad } from "./load.ts";
import { startMeasuredPostgres } from "./postgres.ts";
import { startOurs } from "./shops.ts";

export type GrowthOptions = {
  readonly engine: "postgresql" | "sqlite";
  /** Orders in each shop, the smallest first. */
  readonly sizes: readonly number[];
  /** How often each call is made in each shop. */
  readonly rounds: number;
};

const FULL: GrowthOptions = { engine: "postgresql", sizes: [1000, 1_000_000, 5_000_000], rounds: 500 };

const USER = 7;
const PAGE = 5;
const WALKED_PAGE = 100;
const WARMUP = 300;

/** Fills a database for each size, starts a shop over each, and makes each call in all shops in turns. */
export async function measureGrowth({ engine, sizes, rounds }: GrowthOptions): Promise<GrowthResult> {
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-growth-"));
  const sink = await startSink();
  const postgres = engine === "postgresql" ? await startMeasuredPostgres() : undefined;
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const shops: Record<Call, () => Promise<unknown>>[] = [];
    for (const size of sizes) {
      const own = mkdtempSync(join(folder, `${size}-`));
      const databaseUrl = await postgres?.create(`orders_${size}`);
      if (databaseUrl === undefined) await fillSqlite(own, size);
      else await fillPostgres(databaseUrl, size);
      const shop = await startOurs({ folder: own, databaseUrl, backend: sink.env("growth") });
      const load = startLoad(shop.url, 1);
      closers.push(shop.close, load.close);
      shops.push(await callsOf(load));
    }
    return await inTurns(shops, rounds);
  } finally {
    for (const close of closers) await close();
    await postgres?.remove();
    await sink.close();
    rmSync(folder, { recursive: true });
  }
}

/** Each call of a shop whose code and pages are warm. */
async function callsOf(load: Load): Promise<Record<Call, () => Promise<unknown>>> {
  for (let i = 0; i < 2 * PAGE; i++) await load.order(USER);
  const id = await load.order(USER);
  for (let i = 0; i < WARMUP; i++) await load.order();
  const list = (size: number, token: string) => `/api/orders?user_id=${USER}&page_size=${size}&page_token=${token}`;
  const last = await lastToken((token) => list(WALKED_PAGE, token), load);
  return {
    create: () => load.order(),
    get: () => load.read(`/api/orders/${id}`),
    firstPage: () => load.read(list(PAGE, "")),
    lastPage: () => load.read(list(PAGE, last)),
  };
}

/** The token of the last page; of a list of one page, that of its middle. */
async function lastToken(pathOf: (token: string) => string, load: Load): Promise<string> {
  type Page = { next_page_token?: string };
  const next = async (path: string) => ((await load.read(path)) as Page).next_page_token ?? "";
  let last = "";
  for (let token = await next(pathOf("")); token !== ""; token = await next(pathOf(token))) last = token;
  return last || (await next(`/api/orders?user_id=${USER}&page_size=${PAGE}`));
}

/** One call in each shop, in a new order each time: whatever else the machine does falls on all alike. */
async function inTurns(shops: readonly Record<Call, () => Promise<unknown>>[], rounds: number): Promise<GrowthResult> {
  const medians: Partial<Record<Call, number[]>> = {};
  for (const call of CALLS) {
    const times: number[][] = shops.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const i of shuffledIndexes(shops.length)) {
        const startedAt = performance.now();
        await shops[i]![call]();
        times[i]!.push(performance.now() - startedAt);
      }
    }
    medians[call] = times.map((all) => quantile(all, 0.5));
  }
  return medians as GrowthResult;
}

function shuffledIndexes(count: number): number[] {
  const keyed = Array.from({ length: count }, (_, index) => ({ index, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ index }) => index);
}

function growthOptions({ engine, sizes, rounds }: Record<"engine" | "sizes" | "rounds", string>): GrowthOptions {
  if (engine !== "postgresql" && engine !== "sqlite") throw new Error("--engine must be postgresql or sqlite");
  const counts = [...sizes.split(","), rounds].map(Number);
  if (!counts.every((count) => Number.isSafeInteger(count) && count > 0)) {
    throw new Error("--sizes and --rounds must be integers of 1 or more");
  }
  return { engine, sizes: counts.slice(0, -1), rounds: counts.at(-1)! };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      engine: { type: "string", default: FULL.engine },
      sizes: { type: "string", default: FULL.sizes.join() },
      rounds: { type: "string", default: String(FULL.rounds) },
      record: { type: "boolean" },
    },
  });
  const options = growthOptions(values);
  const { sizes, rounds } = options;
  if (values.record && JSON.stringify(options) !== JSON.stringify(FULL)) {
    throw new Error("only a run with the defaults is recorded: the documents say what those are");
  }
  const begun = new Date();
  const p50Ms = await measureGrowth(options);
  const results: GrowthResults = { ...conditionsOf(begun, { pinned: false }), sizes, rounds, p50Ms };
  process.stdout.write(`${growthTable(results)}\n`);
  if (values.record) {
    record("growth", results);
    writeDocuments(latestResults());
  }
}
