// Random histories: customers order, repeat, cancel and look at two replicas of every role while everything breaks in turn; then a checker
// compares what they were told with the tables. FAULTS_SECONDS=3600 makes it longer, SEED=123 repeats one.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { eventually } from "../support/eventually.ts";
import { startPostgresPair } from "../support/postgres-pair.ts";
import { seeded } from "../support/random.ts";
import { startReplicas } from "../support/replicas.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";
import { faultsOf } from "./histories/checker.ts";
import { runClient } from "./histories/clients.ts";
import type { History } from "./histories/history.ts";
import { inflict, scheduleOf } from "./histories/nemesis.ts";
import { openBooks, tablesOf } from "./histories/tables.ts";

const SECONDS = Number(process.env.FAULTS_SECONDS || 40);
const SEED = Number(process.env.SEED || Math.floor(Math.random() * 1e9));
const CLIENTS = 6;
/** What customers are told. */
const SETTLED_WITHIN_MS = 20_000;
const FOLDER = ".cache/histories";

describe("a random history", function () {
  this.timeout(SECONDS * 1000 + 120_000);

  it(`of ${SECONDS} s is that of a shop that keeps its promises (SEED=${SEED})`, async () => {
    await using cleanup = new AsyncDisposableStack();
    const database = await startPostgresPair();
    cleanup.defer(() => database.remove());
    const address = new URL(database.primary.url);
    const proxy = await startStallingProxy(Number(address.port));
    cleanup.defer(() => proxy.close());
    address.port = String(proxy.port);
    const shop = await startReplicas({ DATABASE_URL: address.href, DATABASE_POOL_MAX: "4" }, { linked: true });
    cleanup.defer(() => shop.close());

    const random = seeded(SEED);
    const seedOf = () => Math.floor(random() * 2 ** 31);
    const schedule = scheduleOf(seeded(seedOf()), SECONDS * 1000);
    const ending = new AbortController();
    const portOf = (role: "gateway" | "order", client: number) => shop.ports(role)[client % 2]!;
    const clients = Array.from({ length: CLIENTS }, (_, i) =>
      runClient(i, { gateway: portOf("gateway", i), order: portOf("order", i) }, seeded(seedOf()), ending.signal),
    );
    for (const fault of schedule) {
      await inflict(fault, { shop, database, proxy });
      await new Promise((resolve) => setTimeout(resolve, fault.restMs));
    }
    ending.abort();
    const operations = (await Promise.all(clients)).flat();

    await using books = await openBooks({ DATABASE_URL: database.primary.url });
    const began = performance.now();
    const settled = async () => {
      const left = await books.orders
        .selectFrom("orders")
        .select("id")
        .where("state", "in", ["pending", "cancelling"])
        .execute();
      assert.deepEqual(left, []);
    };
    await eventually(settled, { timeoutMs: SETTLED_WITHIN_MS }).catch(() => {}); // the checker tells what is not
    const settledMs = Math.round(performance.now() - began);
    const history: History = { operations, tables: await tablesOf(books) };
    mkdirSync(FOLDER, { recursive: true });
    const file = `${FOLDER}/${SEED}.json`;
    writeFileSync(file, JSON.stringify({ seed: SEED, schedule, ...history }, undefined, 1));
    const answers = Object.entries(Object.groupBy(operations, ({ answer }) => answer.kind));
    const counts = answers.map(([kind, { length }]) => `${length} ${kind}`).join(", ");
    console.log(
      `      ${schedule.length} faults, ${history.tables.orders.length} orders; answers: ${counts}; settled after ${settledMs} ms`,
    );
    assert.ok(operations.some(({ answer }) => answer.kind === "ok"));
    assert.deepEqual(faultsOf(history), [], `SEED=${SEED}, the history is in ${file}`);
  });
});
