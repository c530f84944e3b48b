import assert from "node:assert/strict";
import { orderMigrations } from "../../src/order/migrations.ts";
import { moveOrder, type Order, type OrderStore } from "../../src/order/order.ts";
import { createOrderFeed, type OrderFeedOptions } from "../../src/order/order-feed.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { eventually } from "../support/eventually.ts";
import { anOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

/** Longer than a test may take. */
const NEVER_MS = 60_000;

eachDatabase((database) => {
  describe("order feed", () => {
    let store: OrderStore;
    let order: Order;
    let stop: AbortController;

    beforeEach(async () => {
      const { db } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations });
      store = sqlOrderStore(db);
      order = anOrder();
      stop = new AbortController();
      await store.insert(order, { key: "k", fingerprint: "f" });
    });

    const move = (to: Order["state"]) => store.update(order, (o) => moveOrder(o, to, o.updatedAt + 1));

    it("tells a change that is published at once", async () => {
      const feed = createOrderFeed({ store, lookMs: NEVER_MS });
      const watch = feed.watch(order.id, stop.signal);
      assert.deepEqual((await watch.next()).value, order);
      const paid = await move("paid");
      const next = watch.next();
      feed.publish(paid);
      assert.deepEqual(await next, { done: false, value: paid });
      stop.abort();
    });

    it("misses no change that is published while it reads", async () => {
      const feed = createOrderFeed({
        store: {
          ...store,
          async getMany(ids) {
            const read = await store.getMany(ids);
            if (read[0]?.state === "pending") feed.publish(await move("paid"));
            return read;
          },
        },
        lookMs: NEVER_MS,
      });
      const watch = feed.watch(order.id, stop.signal);
      // What was read is older than what was published, so it is not told any more.
      assert.equal((await watch.next()).value?.state, "paid");
      stop.abort();
    });

    it("finds what nobody told by looking again, tells nothing twice, and reads only what has changed", async () => {
      let [looks, read] = [0, 0];
      const counted: OrderFeedOptions["store"] = {
        ...store,
        versionsOf: (ids) => {
          looks++;
          return store.versionsOf(ids);
        },
        getMany: (ids) => {
          read += ids.length;
          return store.getMany(ids);
        },
      };
      const watch = createOrderFeed({ store: counted, lookMs: 5 }).watch(order.id, stop.signal);
      await watch.next();
      const next = watch.next();
      await eventually(() => assert.ok(looks > 3));
      assert.equal(read, 1);
      await move("paid");
      assert.equal((await next).value?.state, "paid");
      assert.equal(read, 2);
      stop.abort();
    });

    it("reads an order for all who watch it, at first and when it was changed elsewhere", async () => {
      let reads = 0;
      const counted: OrderFeedOptions["store"] = {
        ...store,
        getMany: (ids) => {
          reads++;
          return store.getMany(ids);
        },
      };
      const feed = createOrderFeed({ store: counted, lookMs: NEVER_MS });
      const watches = Array.from({ length: 50 }, () => feed.watch(order.id, stop.signal));
      await Promise.all(watches.map((watch) => watch.next()));
      assert.equal(reads, 2); // the first that came, and all others
      const next = watches.map((watch) => watch.next());
      await move("paid");
      feed.changedElsewhere([order.id, anOrder().id]);
      assert.deepEqual(new Set((await Promise.all(next)).map(({ value }) => value?.state)), new Set(["paid"]));
      assert.equal(reads, 3);
      stop.abort();
    });

    it("looks more often while notifications do not arrive, and tells others through those that do", async () => {
      const sent: string[] = [];
      const deaf = { connected: false, send: (id: string) => void sent.push(id) };
      const feed = createOrderFeed({ store, notifications: () => deaf, lookMs: NEVER_MS, deafLookMs: 5 });
      const watch = feed.watch(order.id, stop.signal);
      await watch.next();
      const next = watch.next();
      const paid = await move("paid");
      assert.equal((await next).value?.state, "paid");
      feed.publish(paid);
      assert.deepEqual(sent, [order.id]);
      stop.abort();
    });

    it("keeps the newest state for a watcher that is slow, and no queue", async () => {
      const feed = createOrderFeed({ store, lookMs: NEVER_MS });
      const watch = feed.watch(order.id, stop.signal);
      await watch.next();
      for (const state of ["paid", "cancelling"] as const) feed.publish(await move(state));
      const cancelled = await move("cancelled");
      feed.publish(cancelled);
      feed.publish(order); // late
      assert.deepEqual((await watch.next()).value, cancelled);
      assert.equal((await watch.next()).done, true);
    });

    it("tells a change of the state and one of the time alike", async () => {
      const watch = createOrderFeed({ store, lookMs: 5 }).watch(order.id, stop.signal);
      await watch.next();
      await store.update(order, (o) => ({ ...o, updatedAt: o.updatedAt + 1 }));
      assert.equal((await watch.next()).value?.updatedAt, order.updatedAt + 1);
      await store.update(order, (o) => ({ ...o, state: "paid" }));
      assert.equal((await watch.next()).value?.state, "paid");
      stop.abort();
    });

    for (const state of ["rejected", "cancelled"] as const) {
      it(`ends with an order that is ${state}`, async () => {
        await move(state);
        const told: string[] = [];
        for await (const each of createOrderFeed({ store, lookMs: NEVER_MS }).watch(order.id, stop.signal))
          told.push(each.state);
        assert.deepEqual(told, [state]);
      });
    }

    it("ends when nobody watches any more, also between two looks", async () => {
      const watch = createOrderFeed({ store, lookMs: NEVER_MS }).watch(order.id, stop.signal);
      await watch.next();
      const next = watch.next();
      stop.abort();
      assert.deepEqual(await next, { done: true, value: undefined });
    });

    it("looks no more when nobody watches, and again when somebody does", async () => {
      let looks = 0;
      const versionsOf: OrderStore["versionsOf"] = (ids) => {
        looks++;
        return store.versionsOf(ids);
      };
      const feed = createOrderFeed({ store: { ...store, versionsOf }, lookMs: 5 });
      for (let i = 0; i < 2; i++) {
        const watch = feed.watch(order.id, stop.signal);
        await watch.next();
        const before = looks;
        await eventually(() => assert.ok(looks > before));
        await watch.return();
      }
      await eventually(async () => {
        const before = looks;
        await new Promise((resolve) => setTimeout(resolve, 20)); // in which a look that goes on would come
        assert.equal(looks, before);
      });
    });

    it("fails all watches when it is closed", async () => {
      const feed = createOrderFeed({ store, lookMs: NEVER_MS });
      const watch = feed.watch(order.id, stop.signal);
      await watch.next();
      const failed = assert.rejects(watch.next(), /shutting down/);
      feed.close();
      await failed;
    });

    it("tells nothing of an order that is not there", async () => {
      const watch = createOrderFeed({ store, lookMs: NEVER_MS }).watch(anOrder().id, stop.signal);
      assert.deepEqual(await watch.next(), { done: true, value: undefined });
    });
  });
});
