// A store that is asked for a call: once that is over, nobody waits for the database, and the database is no worse for it.
import assert from "node:assert/strict";
import { type Kysely, sql } from "kysely";
import pg from "pg";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { Order, OrderStore } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { untilAborted } from "../../src/storage/statement-cancels.ts";
import { eventually } from "../support/eventually.ts";
import { anOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

eachDatabase((database) => {
  describe("a call that is over", () => {
    let db: Kysely<OrderSchema>;
    let store: OrderStore;
    let order: Order;
    let queries: number;

    beforeEach(async () => {
      ({ db } = await database.open<OrderSchema>({
        role: "order",
        migrations: orderMigrations,
        poolMax: 3,
        onQuery: () => queries++,
      }));
      store = sqlOrderStore(db);
      order = anOrder();
      await store.insert(order, { key: "k", fingerprint: "f" });
      queries = 0;
    });

    it("asks for nothing any more", async () => {
      const over = { signal: AbortSignal.abort(new Error("over")) };
      await assert.rejects(store.get(order.id, over), /over/);
      await assert.rejects(store.listByUser({ userId: 123, before: undefined, limit: 1 }, over), /over/);
      await assert.rejects(store.findByKey(123, "k", over), /over/);
      await assert.rejects(store.insert(anOrder(), { key: "other", fingerprint: "f" }, over), /over/);
      assert.equal(queries, 0);
      assert.deepEqual(await store.get(order.id), order);
    });

    if (database.dialect === "sqlite") return;

    /** Somebody else, who has the table for himself until he rolls back or goes. */
    async function lockOrders() {
      const client = new pg.Client({ connectionString: database.location().url });
      await client.connect();
      await client.query("begin; lock table orders in access exclusive mode");
      return {
        query: (statement: string) => client.query(statement),
        /** A statement about activity, of which a transaction otherwise sees for ever what it saw first. */
        async look(statement: string) {
          await client.query("select pg_stat_clear_snapshot()");
          return (await client.query(statement)).rows as unknown[];
        },
        [Symbol.asyncDispose]: () => client.end(),
      };
    }

    const has = (other: Awaited<ReturnType<typeof lockOrders>>, count: number) =>
      eventually(async () => {
        const statement = `select count(*)::int from pg_stat_activity
          where application_name = 'order' and datname = current_database()`;
        assert.deepEqual(await other.look(statement), [{ count }]);
      });

    it("waits neither for a statement nor for a connection, and leaves the pool as it was", async () => {
      await using other = await lockOrders();
      const began = performance.now();
      const calls = Array.from({ length: 30 }, () => store.get(order.id, { signal: AbortSignal.timeout(100) }));
      const outcomes = await Promise.allSettled(calls);
      const took = performance.now() - began;
      assert.ok(outcomes.every(({ status }) => status === "rejected"));
      assert.ok(took < 1000, `${took} ms`);
      await has(other, 3);

      await other.query("rollback");
      const again = performance.now();
      assert.deepEqual(await store.get(order.id), order);
      assert.ok(performance.now() - again < 1000, `${performance.now() - again} ms`);
      await has(other, 3);
    });

    it("has its statements given up by the database, so that others get its connections", async () => {
      await using other = await lockOrders();
      const calls = Array.from({ length: 3 }, () => store.get(order.id, { signal: AbortSignal.timeout(100) }));
      await Promise.allSettled(calls);
      const began = performance.now();
      await sql`select 1`.execute(db);
      const took = performance.now() - began;
      assert.ok(took < 500, `${took} ms`);
      const statement = `select query from pg_stat_activity
        where application_name = 'order' and datname = current_database() and state = 'active'`;
      await eventually(async () => assert.deepEqual(await other.look(statement), []));
      await has(other, 3);
    });

    it("ends no other statement, however many are given up", async () => {
      const patient = Array.from({ length: 200 }, async (_, i) => {
        const call = AbortSignal.timeout(1 + (i % 20));
        await sql`select pg_sleep(0.01)`.execute(db, untilAborted(call)).catch(() => {});
        return sql<{ n: number }>`select ${i}::int as n, pg_sleep(0.005)`.execute(db);
      });
      const rows = (await Promise.all(patient)).map((result) => result.rows[0]!.n);
      assert.deepEqual(rows, [...rows.keys()]);
    });

    it("frees its connection soon, though others hold what it waits for", async () => {
      await using _ = await lockOrders();
      const began = performance.now();
      await assert.rejects(store.get(order.id), { code: "55P03" }); // lock_not_available, which callers see as UNAVAILABLE
      const took = performance.now() - began;
      assert.ok(took > 2500 && took < 5000, `${took} ms`);
    }).timeout(10_000);
  });
});
