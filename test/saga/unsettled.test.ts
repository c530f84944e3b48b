// What is counted of orders that are unsettled, and at what cost.
import assert from "node:assert/strict";
import { CompiledQuery, type Kysely, sql } from "kysely";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { observeUnsettled } from "../../src/order/unsettled-metric.ts";
import { anOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";
import { pointsOf, record } from "../telemetry/support/recording.ts";

eachDatabase((database) => {
  describe("unsettled orders", () => {
    let db: Kysely<OrderSchema>;
    const queries: CompiledQuery[] = [];
    const store = () => sqlOrderStore(db, { restMs: 0 });

    beforeEach(async () => {
      ({ db } = await database.open<OrderSchema>({
        role: "order",
        migrations: orderMigrations,
        onQuery: ({ query }) => queries.push(query),
      }));
      for (const state of ["cancelling", "pending", "pending", "paid", "rejected", "cancelled"] as const) {
        const order = anOrder({ state });
        await store().insert(order, { key: order.id, fingerprint: "f" });
      }
      queries.length = 0;
    });

    it("are counted by state, and those that were tried too often", async () => {
      const count = (limit: number) => store().countUnsettled({ limit, stuckAfter: 2 });
      assert.deepEqual(await count(10), { pending: 2, cancelling: 1, stuck: 0 });
      const { pending, cancelling } = await count(2);
      assert.equal(pending + cancelling, 2);
      await store().claim({ limit: 1, leaseMs: 60_000 });
      for (let i = 0; i < 2; i++) await store().claim({ limit: 10, leaseMs: 0 });
      assert.deepEqual(await count(10), { pending: 2, cancelling: 1, stuck: 2 });
    });

    it("are found by an index that has no others", async () => {
      await store().countUnsettled({ limit: 10, stuckAfter: 1 });
      const explain = database.dialect === "sqlite" ? "explain query plan" : "explain";
      for (const query of queries.splice(0)) {
        const plan = await db.connection().execute(async (connection) => {
          // So few rows are read as they stand, if nothing forbids it.
          if (database.dialect === "postgresql") {
            await connection.executeQuery(CompiledQuery.raw("set enable_seqscan = off"));
          }
          return await connection.executeQuery(CompiledQuery.raw(`${explain} ${query.sql}`, [...query.parameters]));
        });
        const steps = plan.rows.map((step) => Object.values(step as object).join(" ")).join("\n");
        assert.match(steps, /orders_due/);
      }
    });

    it("are a gauge of both states, also where there are none", async () => {
      const { points } = await record(async () => void observeUnsettled(store(), 1));
      assert.deepEqual(pointsOf(points, "shop.order.unsettled"), [
        { attributes: { "shop.order.state": "pending" }, n: 2 },
        { attributes: { "shop.order.state": "cancelling" }, n: 1 },
      ]);
      assert.deepEqual(pointsOf(points, "shop.order.stuck"), [{ attributes: {}, n: 0 }]);
      for (const metric of ["shop.order.unsettled", "shop.order.stuck"]) {
        assert.equal(points.find((point) => point.metric === metric)?.unit, "{order}");
      }

      await store().claim({ limit: 2, leaseMs: 0 });
      const tried = await record(async () => void observeUnsettled(store(), 1));
      assert.deepEqual(pointsOf(tried.points, "shop.order.stuck"), [{ attributes: {}, n: 2 }]);

      await db.updateTable("orders").set({ state: "paid" }).execute();
      const none = await record(async () => void observeUnsettled(store(), 1));
      assert.deepEqual(
        pointsOf(none.points, "shop.order.unsettled").map(({ n }) => n),
        [0, 0],
      );
    });

    it("cost no other metric anything when the store fails or hangs, and are not asked for after the end", async () => {
      let asked = 0;
      const fates = [() => Promise.reject(new Error("no store")), () => new Promise<never>(() => {})];
      const { points, console } = await record(async () => {
        for (const fate of fates) observeUnsettled({ countUnsettled: fate }, 1);
        const countUnsettled = async () => {
          asked++;
          return { pending: 1, cancelling: 1, stuck: 0 };
        };
        const stop = observeUnsettled({ countUnsettled }, 1);
        stop();
      });
      assert.deepEqual(pointsOf(points, "shop.order.unsettled"), []);
      assert.ok(points.length > 0);
      assert.deepEqual([asked, console], [0, []]);
    });

    it("of the time before calls were kept are read as they are", async () => {
      await db.schema.dropTable("orders").execute();
      const { "001_orders": first } = orderMigrations;
      const { db: before } = await database.open<OrderSchema>({ role: "old", migrations: { "001_orders": first! } });
      const { id, ...order } = anOrder();
      await sql`insert into orders (id, user_id, key, fingerprint, items, minor_units, currency, payment_method, state, version,
        created_at, updated_at) values (${id}, 1, 'k', 'f', '[]', 1, 'USD', 'tok_ok', ${order.state}, 1, 1, 1)`.execute(
        before,
      );
      const { db: after } = await database.open<OrderSchema>({ role: "old", migrations: orderMigrations });
      const [found] = await sqlOrderStore(after).claim({ limit: 1, leaseMs: 1 });
      assert.deepEqual([found?.order.id, found?.order.traceparent], [id, undefined]);
    });
  });
});
