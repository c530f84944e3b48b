// What a shop still does when more is asked of it than it can do, beside its twin in NestJS.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { goodputOf, steadyLoad } from "./load/steady/load.ts";
import { Core } from "./pinning.ts";
import { startMeasuredPostgres } from "./saga/postgres.ts";
import type { MeasuredShop } from "./saga/role-processes.ts";
import { startNest, startOurs } from "./saga/shops.ts";
import type { Sink } from "./sink.ts";

export type OverloadTiming = {
  /** Orders a second that are asked for, one rate after the other. */
  readonly rates: readonly number[];
  /** How often all of them are. */
  readonly sets: number;
  /** How long each. The first second does not count. */
  readonly seconds: number;
  readonly warmupSeconds: number;
};

/** What came of orders at a rate, in each set. */
export type OverloadPoint = {
  readonly asked: number;
  /** Good answers a second. */
  readonly served: readonly number[];
  /** Of good answers, since each order was due, in milliseconds. */
  readonly p50Ms: readonly number[];
  readonly p99Ms: readonly number[];
};

export type OverloadRow = { readonly name: string; readonly points: readonly OverloadPoint[] };

const BODY = JSON.stringify({ user_id: 123, items: [{ product_id: 1, quantity: 1, price: 29.99 }] });
/** As a client has it that gives up. */
export const PATIENCE_MS = 5000;
const WARM_RATE = 50;
const REST_MS = 30_000;

/** Both shops run on the one core, with PostgreSQL and the load on the other, in turns. */
export async function measureOverload(timing: OverloadTiming, sink: Sink): Promise<readonly OverloadRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-overload-"));
  const postgres = await startMeasuredPostgres();
  const shops: { name: string; shop: MeasuredShop; points: Map<number, OverloadPoint> }[] = [];
  try {
    for (const [name, start] of [["NestJS, grpc-js", startNest] as const, ["tracemesh", startOurs] as const]) {
      const key = `overload_${shops.length}`;
      const shop = await start({
        folder: mkdtempSync(join(folder, key)),
        databaseUrl: await postgres.create(key),
        backend: sink.env(key),
        core: Core.MEASURED,
      });
      shops.push({ name, shop, points: new Map() });
      await ask(shop, WARM_RATE, timing.warmupSeconds);
    }
    for (let set = 0; set < timing.sets; set++) {
      for (const rate of timing.rates) {
        for (const { shop, points } of shops) {
          const { served = [], p50Ms = [], p99Ms = [] } = points.get(rate) ?? {};
          const found = await ask(shop, rate, timing.seconds);
          points.set(rate, {
            asked: rate,
            served: [...served, goodputOf(found)],
            p50Ms: [...p50Ms, found.p50Ms],
            p99Ms: [...p99Ms, found.p99Ms],
          });
          await untilRested(shop);
        }
      }
    }
    return shops.map(({ name, points }) => ({ name, points: [...points.values()] }));
  } finally {
    for (const { shop } of shops) await shop.close();
    await postgres.remove();
    rmSync(folder, { recursive: true });
  }
}

async function ask({ url }: MeasuredShop, rate: number, seconds: number) {
  const order = { rate, target: "POST /api/orders", body: BODY, patienceMs: PATIENCE_MS };
  const { order: found } = await steadyLoad(Number(new URL(url).port), seconds, { order });
  return found!;
}

/** Until what was left over is done, which may take a shop without limits long. */
async function untilRested(shop: MeasuredShop): Promise<void> {
  const until = performance.now() + REST_MS;
  for (;;) {
    const before = shop.cpuMicros();
    await setTimeout(300);
    if (shop.cpuMicros() - before < 30_000 || performance.now() > until) return;
  }
}
