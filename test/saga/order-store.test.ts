import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import type { Kysely } from "kysely";
import { orderMigrations } from "../../src/order/migrations.ts";
import { moveOrder, type Order, type OrderStore } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { anOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

eachDatabase((database) => {
  describe("order store", () => {
    let db: Kysely<OrderSchema>;
    let store: OrderStore;

    beforeEach(async () => {
      ({ db } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations }));
      store = sqlOrderStore(db);
    });

    it("returns an order as it was written", async () => {
      const order = anOrder({
        userId: 4_294_967_295,
        items: [{ productId: 1, quantity: 2, unitPrice: { minorUnits: 999_999_999_999n, currency: "EUR" } }],
        total: { minorUnits: 1_999_999_999_998n, currency: "EUR" },
      });
      assert.equal(await store.insert(order, { key: "k", fingerprint: "f" }), "inserted");
      assert.deepEqual(await store.get(order.id), order);
      assert.deepEqual(await store.findByKey(order.userId, "k"), { order, fingerprint: "f" });
      assert.equal(await store.get(randomUUIDv7()), undefined);
      assert.equal(await store.findByKey(1, "k"), undefined);
    });

    it("takes a key once per user", async () => {
      assert.equal(await store.insert(anOrder({ userId: 1 }), { key: "k", fingerprint: "f" }), "inserted");
      assert.equal(await store.insert(anOrder({ userId: 1 }), { key: "k", fingerprint: "f" }), "key_exists");
      assert.equal(await store.insert(anOrder({ userId: 2 }), { key: "k", fingerprint: "f" }), "inserted");
    });

    it("takes no other failure for a key that is taken", async () => {
      await db.schema.dropTable("orders").execute();
      await assert.rejects(store.insert(anOrder(), { key: "k", fingerprint: "f" }), /orders/);
    });

    it("lets one of many concurrent moves win, and shows the others what it wrote", async () => {
      const order = anOrder();
      await store.insert(order, { key: "k", fingerprint: "f" });
      let moved = 0;
      const results = await Promise.all(
        Array.from({ length: 8 }, () =>
          store.update(order, (o) => {
            if (o.state !== "pending") return o;
            moved++;
            return moveOrder(o, "paid", o.updatedAt + 1);
          }),
        ),
      );
      assert.ok(moved >= 1);
      for (const result of results) assert.equal(result.state, "paid");
      assert.deepEqual(await store.get(order.id), { ...order, state: "paid", updatedAt: order.updatedAt + 1 });
    });

    it("overwrites nothing that came between its reading and its writing", async () => {
      const order = anOrder();
      await store.insert(order, { key: "k", fingerprint: "f" });
      let charged: Promise<Order> | undefined;
      await store.update(order, (o) => {
        charged ??= store.update(order, (p) => (p.state === "pending" ? moveOrder(p, "paid", 1) : p));
        return moveOrder(o, "cancelling", 2);
      });
      await charged;
      assert.equal((await store.get(order.id))?.state, "cancelling");
    });

    it("writes nothing for a change that changes nothing, and changes no order that is not there", async () => {
      const order = anOrder();
      await store.insert(order, { key: "k", fingerprint: "f" });
      const version = async () => (await db.selectFrom("orders").select("version").executeTakeFirstOrThrow()).version;
      const before = await version();
      assert.deepEqual(await store.update(order, (o) => o), order);
      assert.equal(await version(), before);
      await assert.rejects(
        store.update({ ...order, id: randomUUIDv7() }, (o) => moveOrder(o, "paid", 1)),
        /there is no order/,
      );
    });

    it("gives up when others are faster ten times in a row", async () => {
      const order = anOrder();
      await store.insert(order, { key: "k", fingerprint: "f" });
      let reads = 0;
      const meddled = sqlOrderStore(
        db.withPlugin({
          transformQuery: ({ node }) => node,
          async transformResult({ result }) {
            if (result.rows.length === 0) return result; // of the update
            const state = reads++ % 2 === 0 ? "paid" : "pending";
            await db.updateTable("orders").set({ state }).execute();
            return result;
          },
        }),
      );
      await assert.rejects(
        meddled.update({ ...order, state: "paid" }, (o) => ({ ...o, state: "cancelled" })),
        /10 times in a row/,
      );
      assert.deepEqual([reads, (await store.get(order.id))?.state], [10, "pending"]);
    });

    it("keeps why an order was rejected", async () => {
      const refused = anOrder({ state: "rejected", rejectReason: "INSUFFICIENT_FUNDS" });
      await store.insert(refused, { key: "refused", fingerprint: "f" });
      assert.deepEqual(await store.get(refused.id), refused);
      const order = anOrder();
      await store.insert(order, { key: "k", fingerprint: "f" });
      const rejected = await store.update(order, (o) => moveOrder(o, "rejected", 1, "CARD_DECLINED"));
      assert.deepEqual(await store.get(order.id), rejected);
      assert.equal(rejected.rejectReason, "CARD_DECLINED");
    });

    it("pages a user's orders, newest first", async () => {
      const orders = [anOrder({ userId: 7 }), anOrder({ userId: 7 }), anOrder({ userId: 7 }), anOrder({ userId: 8 })];
      for (const order of orders) await store.insert(order, { key: order.id, fingerprint: "f" });
      const first = await store.listByUser({ userId: 7, before: undefined, limit: 2 });
      assert.deepEqual(first, [orders[2], orders[1]]);
      assert.deepEqual(await store.listByUser({ userId: 7, before: first[1]?.id, limit: 2 }), [orders[0]]);
    });

    describe("claims", () => {
      const LEASE_MS = 60_000;
      let eager: OrderStore;
      beforeEach(() => {
        eager = sqlOrderStore(db, { restMs: 0 });
      });
      const insert = async (order: Order, into = eager) => {
        await into.insert(order, { key: order.id, fingerprint: "f" });
        return order;
      };
      const claim = async (limit = 10, leaseMs = LEASE_MS) => await eager.claim({ limit, leaseMs });

      it("give what is unsettled and at rest, once", async () => {
        const pending = await insert(anOrder());
        const cancelling = await insert(anOrder({ state: "cancelling" }));
        await insert(anOrder(), store); // rests
        await insert(anOrder({ state: "paid" }));
        const claimed = (await claim()).toSorted((a, b) => (a.order.id < b.order.id ? -1 : 1));
        assert.deepEqual(claimed, [
          { order: pending, attempts: 1 },
          { order: cancelling, attempts: 1 },
        ]);
        assert.deepEqual(await claim(), []);
      });

      it("give no more than is asked for, those first that have waited longest", async () => {
        const [first, second] = [await insert(anOrder()), await insert(anOrder())];
        const [held] = await claim(1);
        assert.equal(held?.order.id, first.id);
        await eager.release(held, 0);
        assert.deepEqual(
          (await claim(1)).map(({ order }) => order.id),
          [second.id],
        );
      });

      it("end with their lease, and count how often an order was taken", async () => {
        const { id } = await insert(anOrder());
        const first = await claim(1, 0);
        const second = await claim(1, 0);
        assert.deepEqual(
          [...first, ...second].map(({ order, attempts }) => [order.id, attempts]),
          [
            [id, 1],
            [id, 2],
          ],
        );
        await eager.release(first[0]!, LEASE_MS); // no longer his to give back
        assert.equal((await claim()).length, 1);
      });

      it("may be given back for later, but not what has moved on", async () => {
        const order = await insert(anOrder());
        const [held] = await claim();
        await eager.release(held!, LEASE_MS);
        assert.deepEqual(await claim(), []);
        await eager.update(order, (o) => moveOrder(o, "cancelling", 1));
        assert.equal((await claim())[0]?.attempts, 1);
        await eager.release(held!, 0); // of the state before, and of as many attempts
        assert.deepEqual(await claim(), []);
      });

      it("that were given back untried do not count", async () => {
        await insert(anOrder());
        for (let i = 0; i < 3; i++) {
          const [held] = await claim();
          assert.equal(held?.attempts, 1);
          await eager.release(held, "untried");
        }
      });

      it("are never given twice, however many ask at once", async () => {
        for (let i = 0; i < 40; i++) await insert(anOrder());
        const claims = await Promise.all(Array.from({ length: 10 }, () => claim(7)));
        const ids = claims.flat().map(({ order }) => order.id);
        assert.equal(new Set(ids).size, ids.length);
        assert.equal(ids.length + (await claim(40)).length, 40);
      });
    });
  });
});
