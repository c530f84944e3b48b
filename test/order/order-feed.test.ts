import assert from "node:assert/strict";
import { orderMigrations } from "../../src/order/migrations.ts";
import { moveOrder, type Order, type OrderStore } from "../../src/order/order.ts";
import { createOrderFeed } from "../../src/order/order-feed.ts";
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
      const feed = createOrderFeed(store, NEVER_MS);
      const watch = feed.watch(order.id, stop.signal);
      assert.deepEqual((await watch.next()).value, order);
      const paid = await move("paid");
      const next = watch.next();
      feed.publish(paid);
      assert.deepEqual(await next, { done: false, value: paid });
      stop.abort();
    });

    it("misses no change that is published while it reads", async () => {
      const feed = createOrderFeed(
        {
          async get(id) {
            const read = await store.get(id);
            if (read?.state === "pending") feed.publish(await move("paid"));
            return read;
          },
        },
        NEVER_MS,
      );
      const watch = feed.watch(order.id, stop.signal);
      assert.deepEqual([(await watch.next()).value?.state, (await watch.next()).value?.state], ["pending", "paid"]);
      stop.abort();
    });

    it("finds changes of other replicas by looking again, and tells nothing twice", async () => {
      let reads = 0;
      const counted: Pick<OrderStore, "get"> = {
        get: (id) => {
          reads++;
          return store.get(id);
        },
      };
      const watch = createOrderFeed(counted, 5).watch(order.id, stop.signal);
      await watch.next();
      const next = watch.next();
      await eventually(() => assert.ok(reads > 3));
      await move("paid");
      assert.equal((await next).value?.state, "paid");
      stop.abort();
    });

    it("waits its time between two looks", async () => {
      const times: number[] = [];
      const timed: Pick<OrderStore, "get"> = {
        get: (id) => {
          times.push(performance.now());
          return store.get(id);
        },
      };
      const watch = createOrderFeed(timed, 100).watch(order.id, stop.signal);
      await watch.next();
      const next = watch.next();
      await eventually(() => assert.equal(times.length, 3));
      assert.ok(times[2]! - times[1]! > 95, `${times}`);
      stop.abort();
      await next;
    });

    it("tells a change of the state and one of the time alike", async () => {
      const watch = createOrderFeed(store, 5).watch(order.id, stop.signal);
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
        for await (const each of createOrderFeed(store, NEVER_MS).watch(order.id, stop.signal)) told.push(each.state);
        assert.deepEqual(told, [state]);
      });
    }

    it("ends when nobody watches any more, also between two looks", async () => {
      const watch = createOrderFeed(store, NEVER_MS).watch(order.id, stop.signal);
      await watch.next();
      const next = watch.next();
      stop.abort();
      assert.deepEqual(await next, { done: true, value: undefined });
    });

    it("leaves no timer of a watch that is over", async () => {
      const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
      await new Promise(setImmediate); // until mocha has set its own
      const before = timers();
      // What is read comes in the same tick, so that no timer of anything else begins or ends meanwhile.
      const watch = createOrderFeed({ get: async () => order }, NEVER_MS).watch(order.id, stop.signal);
      await watch.next();
      assert.equal(timers(), before + 1);
      await watch.return();
      assert.equal(timers(), before);
    });

    it("fails all watches when it is closed", async () => {
      const feed = createOrderFeed(store, NEVER_MS);
      const watch = feed.watch(order.id, stop.signal);
      await watch.next();
      const failed = assert.rejects(watch.next(), /shutting down/);
      feed.close();
      await failed;
    });

    it("tells nothing of an order that is not there", async () => {
      const watch = createOrderFeed(store, NEVER_MS).watch(anOrder().id, stop.signal);
      assert.deepEqual(await watch.next(), { done: true, value: undefined });
    });
  });
});
