// Measures what an order, and reading orders, costs in shops that hold more and more of them. Prints Markdown; the largest takes 7 GB of disk.
//
//   node bench/saga/growth.ts [--engine postgresql|sqlite] [--sizes 1000,1000000,5000000] [--rounds 500]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSink } from "../sink.ts";
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

/** For each call, the milliseconds that it took in each shop, in the order of the sizes. */
export type GrowthResult = Readonly<Record<Call, readonly (readonly number[])[]>>;

const CALLS = ["create", "get", "firstPage", "lastPage"] as const;
type Call = (typeof CALLS)[number];

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
    get: () => load.call("GET", `/api/orders/${id}`),
    firstPage: () => load.call("GET", list(PAGE, "")),
    lastPage: () => load.call("GET", list(PAGE, last)),
  };
}

/** The token of the last page; of a list of one page, that of its middle. */
async function lastToken(pathOf: (token: string) => string, load: Load): Promise<string> {
  type Page = { next_page_token?: string };
  const next = async (path: string) => (JSON.parse((await load.call("GET", path)).text) as Page).next_page_token ?? "";
  let last = "";
  for (let token = await next(pathOf("")); token !== ""; token = await next(pathOf(token))) last = token;
  return last || (await next(`/api/orders?user_id=${USER}&page_size=${PAGE}`));
}

/** One call in each shop, in a new order each time: whatever else the machine does falls on all alike. */
async function inTurns(
  shops: readonly Record<Call, () => Promise<unknown>>[],
  rounds: number,
): Promise<Record<Call, number[][]>> {
  const times = Object.fromEntries(CALLS.map((call) => [call, shops.map(() => [])])) as unknown as Record<
    Call,
    number[][]
  >;
  for (const call of CALLS) {
    for (let round = 0; round < rounds; round++) {
      for (const i of shuffledIndexes(shops.length)) {
        const startedAt = performance.now();
        await shops[i]![call]();
        times[call][i]!.push(performance.now() - startedAt);
      }
    }
  }
  return times;
}

function shuffledIndexes(count: number): number[] {
  const keyed = Array.from({ length: count }, (_, index) => ({ index, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ index }) => index);
}

/** The median of each call in each shop, and in the largest for each one of the smallest. */
export function toMarkdown(sizes: readonly number[], result: GrowthResult): string {
  const head = `| p50 in ms, by orders stored | ${sizes.map((size) => size.toLocaleString("en")).join(" | ")} | growth |`;
  const rows = CALLS.map((call) => {
    const medians = result[call].map((times) => quantile(times, 0.5));
    const growth = medians.at(-1)! / medians[0]!;
    return `| ${[call, ...medians.map((each) => each.toFixed(2)), growth.toFixed(2)].join(" | ")} |`;
  });
  return `${[head, `|---|${"---:|".repeat(sizes.length + 1)}`, ...rows].join("\n")}\n`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      engine: { type: "string", default: "postgresql" },
      sizes: { type: "string", default: "1000,1000000,5000000" },
      rounds: { type: "string", default: "500" },
    },
  });
  const sizes = values.sizes.split(",").map(Number);
  const engine = values.engine === "sqlite" ? "sqlite" : "postgresql";
  process.stdout.write(toMarkdown(sizes, await measureGrowth({ engine, sizes, rounds: Number(values.rounds) })));
}
