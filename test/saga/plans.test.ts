// What a call costs must not grow with what is stored: each statement finds its rows by an index, by plans for any values.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kysely, type LogEvent, sql } from "kysely";
import { fillPostgres, fillSqlite } from "../../bench/saga/fill.ts";
import { orderMigrations } from "../../src/order/migrations.ts";
import { moveOrder } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { paymentMigrations } from "../../src/payment/migrations.ts";
import { ledgerEntries, movePayment, type Payment } from "../../src/payment/payment.ts";
import { type PaymentSchema, sqlPaymentStore } from "../../src/payment/payment-store.ts";
import { type SandboxSchema, sandboxCardNetwork } from "../../src/payment/sandbox-card-network.ts";
import { type Database, openDatabase } from "../../src/storage/database.ts";
import { engineOf } from "../../src/storage/engine.ts";
import { anOrder } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";

/** So many that a scan costs more than an index. */
const ORDERS = 20_000;

const payment: Payment = {
  id: "01990000-0000-7000-8000-000000000009",
  key: "k",
  amount: { minorUnits: 100n, currency: "USD" },
  fingerprint: "f",
  state: "pending",
  declineReason: undefined,
  createdAt: 1,
  updatedAt: 1,
};

type Schema = OrderSchema & PaymentSchema & SandboxSchema;
type Statement = { readonly sql: string; readonly parameters: readonly unknown[] };
type Shop = { readonly url?: string; readonly folder: string; remove(): Promise<void> };

async function filledPostgres(): Promise<Shop> {
  const { url, drop } = await createTestDatabase();
  await fillPostgres(url, ORDERS);
  return { url, folder: "", remove: drop };
}

async function filledSqlite(): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), "tracemesh-test-"));
  await fillSqlite(folder, ORDERS);
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

/** What the engine does for a statement, one step a line, whatever its values are. */
async function planOf(db: Kysely<Schema>, { sql: text, parameters }: Statement): Promise<string> {
  if (engineOf(db) === "sqlite") {
    const { rows } = await sql.raw<{ detail: string }>(`explain query plan ${text}`).execute(db);
    return rows.map(({ detail }) => detail).join("\n");
  }
  return db.connection().execute(async (connection) => {
    await sql`set plan_cache_mode = force_generic_plan`.execute(connection);
    await sql.raw(`prepare stated as ${text}`).execute(connection);
    const values = parameters.map(literalOf).join(", ");
    const call = values === "" ? "stated" : `stated (${values})`;
    const { rows } = await sql.raw<{ "QUERY PLAN": string }>(`explain (costs off) execute ${call}`).execute(connection);
    await sql`deallocate stated`.execute(connection);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  });
}

function literalOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? `'{${value.join(",")}}'` : `'${value}'`;
}

/** Steps that read a table from end to end, or sort more than a page. */
const SCANS =
  /Seq Scan|^SCAN (?!oldest|failing|other|\(|\d)(?!.*USING .*INDEX orders_due).*|Sort Key: (?!oldest)|TEMP B-TREE FOR ORDER BY/m;

for (const [engine, fill] of [
  ["sqlite", filledSqlite],
  ["postgresql", filledPostgres],
] as const) {
  describe(`statements of the saga on ${engine}`, () => {
    let shop: Shop;
    let orders: Database<Schema>;
    let payments: Database<Schema>;
    let heard: Statement[];

    before(async function () {
      this.timeout(20_000);
      shop = await fill();
      heard = [];
      const onQuery = ({ query }: LogEvent) => void heard.push(query);
      const open = (role: "order" | "payment") =>
        openDatabase<Schema>({
          url: shop.url,
          file: join(shop.folder, `${role}.db`),
          role,
          migrations: role === "order" ? orderMigrations : paymentMigrations,
          onQuery,
        });
      [orders, payments] = [await open("order"), await open("payment")];
    });

    after(async () => {
      await orders?.close();
      await payments?.close();
      await shop?.remove();
    });

    /** Of all statements that this runs, those that scan, with their plans. */
    async function scansOf({ db }: Database<Schema>, use: (db: Kysely<Schema>) => Promise<unknown>): Promise<string[]> {
      heard = [];
      await use(db);
      const stated = heard.filter(({ sql: text }) => /^(with|select|update|insert)/.test(text));
      assert.ok(stated.length > 0);
      const plans: string[] = [];
      for (const statement of stated) plans.push(`${statement.sql}\n${await planOf(db, statement)}`);
      return plans.filter((plan) => SCANS.test(plan.slice(plan.indexOf("\n") + 1)));
    }

    it("find orders by an index", async () => {
      const scans = await scansOf(orders, async (db) => {
        const store = sqlOrderStore(db);
        const order = anOrder();
        await store.insert(order, { key: "k", fingerprint: "f" });
        await store.insert(order, { key: "k", fingerprint: "f" });
        await store.findByKey(order.userId, "k");
        await store.update(order, (o) => moveOrder(o, "paid", 1));
        await store.get(order.id);
      });
      assert.deepEqual(scans, []);
    });

    it("list orders by an index that has them in order", async () => {
      const scans = await scansOf(orders, async (db) => {
        const store = sqlOrderStore(db);
        const first = await store.listByUser({ userId: 7, before: undefined, limit: 5 });
        assert.equal(first.length, 5);
        await store.listByUser({ userId: 7, before: first.at(-1)?.id, limit: 5 });
        await store.countUnsettled({ limit: 100, stuckAfter: 10 });
      });
      assert.deepEqual(scans, []);
    });

    it("claim orders by an index that has nothing else, and has them in order", async () => {
      const scans = await scansOf(orders, async (db) => {
        const store = sqlOrderStore(db);
        const [claimed] = await store.claim({ limit: 100, leaseMs: 1 });
        await store.release(claimed ?? { order: anOrder(), attempts: 1 }, 1);
      });
      assert.deepEqual(scans, []);
    });

    it("find payments by an index", async () => {
      const scans = await scansOf(payments, async (db) => {
        const [store, network] = [sqlPaymentStore(db), sandboxCardNetwork(db)];
        const amount = { minorUnits: 100n, currency: "USD" };
        await store.insert(payment);
        await store.find(payment.key);
        for (let i = 0; i < 2; i++) await network.capture({ key: payment.key, amount, card: "tok_ok" });
        await store.advance(payment, movePayment(payment, "charged", 1), ledgerEntries("charge", amount));
        await network.reverse(payment.key);
      });
      assert.deepEqual(scans, []);
    });
  });
}
