// Calls whose callers leave while others hold what their statements need: they end at once, and their connections come back.
import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { type Kysely, type QueryExecutorProvider, sql } from "kysely";
import type { Migration } from "kysely/migration";
import pg from "pg";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { createSaga } from "../../src/order/saga.ts";
import { paymentMigrations } from "../../src/payment/migrations.ts";
import { type PaymentSchema, sqlPaymentStore } from "../../src/payment/payment-store.ts";
import { createPayments } from "../../src/payment/payments.ts";
import { type SandboxSchema, sandboxCardNetwork } from "../../src/payment/sandbox-card-network.ts";
import type { DatabaseEngine } from "../../src/storage/engine.ts";
import { untilAborted } from "../../src/storage/statement-cancels.ts";
import { userMigrations } from "../../src/user/migrations.ts";
import { sqlUserStore, type UserSchema } from "../../src/user/user-store.ts";
import { anOrder, newOrder } from "../support/orders.ts";
import { eachDatabase, type Location } from "../support/stores.ts";

type Open = <Schema>(role: string, migrations: Record<string, Migration>) => Promise<Kysely<Schema>>;
/** A call that a role serves, and the database that it asks. */
type Served = {
  readonly db: QueryExecutorProvider;
  readonly call: (call: { signal: AbortSignal }) => Promise<unknown>;
};
type Calls = Record<"reads" | "writes", Record<string, Served>>;

/** The calls that the roles serve, but for watches. */
async function callsOf(open: Open, engine: DatabaseEngine): Promise<Calls> {
  const orderDb = await open<OrderSchema>("order", orderMigrations);
  const paymentDb = await open<PaymentSchema & SandboxSchema>("payment", paymentMigrations);
  const userDb = await open<UserSchema>("user", userMigrations(engine, 1));
  const orders = sqlOrderStore(orderDb);
  const payments = createPayments(sqlPaymentStore(paymentDb), sandboxCardNetwork(paymentDb));
  const users = sqlUserStore(userDb);
  const saga = createSaga({
    store: { ...orders, get: async (id) => anOrder({ id }) },
    users: { exists: async () => true },
    payments: { charge: async () => ({ kind: "charged" }), refund: async () => {} },
    newId: randomUUIDv7,
  });
  const amount = { minorUnits: 1n, currency: "USD" };
  const order = (call: Served["call"]): Served => ({ db: orderDb, call });
  const payment = (call: Served["call"]): Served => ({ db: paymentDb, call });
  const user = (call: Served["call"]): Served => ({ db: userDb, call });
  return {
    reads: {
      GetOrder: order((call) => orders.get("x", call)),
      ListOrders: order((call) => orders.listByUser({ userId: 1, before: undefined, limit: 1 }, call)),
      GetPayment: payment((call) => payments.find("x", call)),
      GetUser: user((call) => users.get(1, call)),
      BatchGetUsers: user((call) => users.getMany([1, 2], call)),
      ListUsers: user((call) => users.list({ afterId: 0, limit: 1 }, call)),
    },
    writes: {
      CreateOrder: order((call) => saga.create(newOrder({ key: randomUUIDv7() }), call)),
      CancelOrder: order((call) => saga.cancel("x", call)),
      Charge: payment((call) => payments.charge({ key: randomUUIDv7(), amount, card: "tok_ok" }, call)),
      Refund: payment((call) => payments.refund(randomUUIDv7(), call)),
      CreateUser: user((call) => users.create({ name: "A", email: `${randomUUIDv7()}@example.com` }, call)),
    },
  };
}

const TABLES = "orders, payments, ledger_entries, sandbox_captures, users";

/** Somebody else, who has all tables for himself until disposed of. In SQLite, others may still read. */
async function lockAll({ url, file }: Location): Promise<AsyncDisposable> {
  if (url === undefined) {
    const other = new DatabaseSync(file);
    other.exec("begin immediate");
    return { [Symbol.asyncDispose]: async () => other.close() };
  }
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query(`begin; lock table ${TABLES} in access exclusive mode`);
  return { [Symbol.asyncDispose]: () => other.end() };
}

eachDatabase((database) => {
  describe("two hundred callers who leave", () => {
    let calls: Calls;

    beforeEach(async () => {
      calls = await callsOf(async <Schema>(role: string, migrations: Record<string, Migration>) => {
        const { db } = await database.open<Schema>({ role, migrations, poolMax: 3, onQuery: () => {} });
        return db;
      }, database.dialect);
    });

    async function leave({ db, call }: Served): Promise<void> {
      const began = performance.now();
      const left = Array.from({ length: 200 }, () => call({ signal: AbortSignal.timeout(100) }));
      const outcomes = await Promise.allSettled(left);
      const endedAt = performance.now();
      assert.ok(endedAt - began < 1000, `calls of 100 ms end after ${endedAt - began} ms`);
      assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(["rejected"]));
      await sql`select 1`.execute(db);
      assert.ok(performance.now() - endedAt < 500, `a connection came back after ${performance.now() - endedAt} ms`);
    }

    for (const name of ["CreateOrder", "CancelOrder", "Charge", "Refund", "CreateUser"]) {
      it(`hold nothing (${name})`, async () => {
        await using _ = await lockAll(database.location());
        await leave(calls.writes[name]!);
      });
    }

    if (database.dialect === "sqlite") return;

    for (const name of ["GetOrder", "ListOrders", "GetPayment", "GetUser", "BatchGetUsers", "ListUsers"]) {
      it(`hold nothing (${name})`, async () => {
        await using _ = await lockAll(database.location());
        await leave(calls.reads[name]!);
      });
    }

    it("hold nothing (a statement that takes long by itself)", () => {
      const { db } = calls.reads.GetUser!;
      return leave({ db, call: ({ signal }) => sql`select pg_sleep(5)`.execute(db, untilAborted(signal)) });
    });
  });
});
