import assert from "node:assert/strict";
import type { Kysely } from "kysely";
import { orderMigrations } from "../../src/order/migrations.ts";
import { type ClaimedOrder, moveOrder, type Order, type OrderStore } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { type RecoveryOptions, startRecovery } from "../../src/order/recovery.ts";
import { eventually } from "../support/eventually.ts";
import { anOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

const MINUTE_MS = 60_000;
type Settle = RecoveryOptions["saga"]["settle"];

eachDatabase((database) => {
  describe("recovery", () => {
    /** Its orders are due at once. */
    let store: OrderStore;
    let db: Kysely<OrderSchema>;
    /** How many orders each look wanted. */
    let looks: number[];
    let settled: string[];
    let errors: string[];
    const recoveries: ReturnType<typeof startRecovery>[] = [];

    beforeEach(async () => {
      ({ db } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations }));
      store = sqlOrderStore(db, { restMs: 0 });
      [looks, settled, errors] = [[], [], []];
    });
    afterEach(async () => {
      await Promise.all(recoveries.splice(0).map((recovery) => recovery.stop()));
    });

    const settle: Settle = (order) => store.update(order, (o) => moveOrder(o, "paid", 1));
    /** Until it is told to end. */
    const hang: Settle = (_, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    const describeError = (error: unknown, claimed: ClaimedOrder | undefined) =>
      `${claimed?.order.id} ${claimed?.attempts}: ${(error as Error).message}`;

    function start(over: Partial<RecoveryOptions> = {}): ReturnType<typeof startRecovery> {
      const recovery = startRecovery({
        store: {
          claim(request) {
            looks.push(request.limit);
            return store.claim(request);
          },
          release: store.release,
        },
        saga: { settle },
        onSettled: (id) => settled.push(id),
        onError: (error, claimed) => errors.push(describeError(error, claimed)),
        intervalMs: MINUTE_MS,
        ...over,
      });
      recoveries.push(recovery);
      return recovery;
    }
    async function insert(count: number, into = store): Promise<Order[]> {
      const orders = Array.from({ length: count }, () => anOrder());
      for (const order of orders) await into.insert(order, { key: order.id, fingerprint: "f" });
      return orders;
    }
    const idsOf = (orders: readonly Order[]) => orders.map(({ id }) => id).toSorted();
    const settledAre = (orders: readonly Order[]) =>
      eventually(() => assert.deepEqual(settled.toSorted(), idsOf(orders)));

    it("settles what was left behind, and looks again after its interval", async () => {
      const first = await insert(1);
      start({ intervalMs: 20 });
      await settledAre(first);
      await settledAre([...first, ...(await insert(1))]);
      assert.deepEqual(errors, []);
    });

    it("leaves an order to the call that works on it, until that has had its time", async () => {
      const resting = sqlOrderStore(
        (await database.open<OrderSchema>({ role: "order", migrations: orderMigrations })).db,
        {
          restMs: 200,
        },
      );
      const begun = performance.now();
      const orders = await insert(1, resting);
      start({ intervalMs: 5 });
      await settledAre(orders);
      assert.ok(performance.now() - begun >= 199, `${performance.now() - begun} ms`);
    });

    it("goes by the database's clock alone: what writers hold for the time does not matter", async () => {
      const hour = 3_600_000;
      const orders = [-hour, 0, hour].map((skew) =>
        anOrder({ createdAt: Date.now() + skew, updatedAt: Date.now() + skew }),
      );
      for (const order of orders) await store.insert(order, { key: order.id, fingerprint: "f" });
      start();
      await settledAre(orders);
    });

    it("goes on at once while there is more, with no more at the same time than it may", async () => {
      const orders = await insert(40);
      let [working, most] = [0, 0];
      const slow: Settle = async (order) => {
        most = Math.max(most, ++working);
        await new Promise(setImmediate);
        working--;
        return settle(order, {});
      };
      start({ saga: { settle: slow }, concurrency: 16 });
      await settledAre(orders);
      assert.equal(most, 16);
    });

    it("gives each of two replicas its own orders", async () => {
      const orders = await insert(60);
      const taken: string[] = [];
      const once: Settle = async (order) => {
        taken.push(order.id);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return settle(order, {});
      };
      for (let i = 0; i < 2; i++) start({ saga: { settle: once }, concurrency: 8 });
      await settledAre(orders);
      assert.deepEqual(taken.toSorted(), idsOf(orders));
    });

    it("takes over from a replica that died, when its lease is over", async () => {
      const orders = await insert(2);
      const dead = await store.claim({ limit: 10, leaseMs: 100 });
      assert.equal(dead.length, 2);
      start({ intervalMs: 10 });
      await settledAre(orders);
    });

    it("is not held up by one that fails or one that hangs, tells which, and how often it was tried", async () => {
      const [bad, stuck, ...good] = await insert(30);
      const failing: Settle = async (order, options) => {
        if (order.id === bad!.id) throw new Error("away");
        return order.id === stuck!.id ? hang(order, options) : settle(order, options);
      };
      start({ saga: { settle: failing }, concurrency: 4, limitMs: 100, intervalMs: 20 });
      await settledAre(good);
      const timedOut = `${stuck!.id} 1: The operation was aborted due to timeout`;
      for (const told of [`${bad!.id} 1: away`, `${bad!.id} 2: away`, timedOut]) {
        await eventually(() => assert.ok(errors.includes(told), told));
      }
      assert.deepEqual(settled.toSorted(), idsOf(good));
    });

    it("lets those that hang again and again neither fill all places nor keep new ones waiting behind them", async () => {
      const poisoned = await insert(500);
      await db.updateTable("orders").set({ attempts: 7 }).execute();
      const poison = new Set(idsOf(poisoned));
      let [hanging, most] = [0, 0];
      const hangSome: Settle = async (order, options) => {
        if (!poison.has(order.id)) return settle(order, options);
        most = Math.max(most, ++hanging);
        return hang(order, options).finally(() => hanging--);
      };
      start({ saga: { settle: hangSome }, concurrency: 8, limitMs: 200, intervalMs: 20 });
      await eventually(() => assert.ok(errors.length > 0));
      const began = performance.now();
      const fresh = await insert(20);
      await settledAre(fresh);
      const took = performance.now() - began;
      assert.ok(took < 2000, `${took} ms`); // behind all of the others it would be twelve seconds
      assert.equal(most, 6);
    });

    it("settles many that have failed before as soon as they can be", async () => {
      const orders = await insert(60);
      await db.updateTable("orders").set({ attempts: 7 }).execute();
      start({ concurrency: 8, intervalMs: 20 });
      await settledAre(orders);
    });

    it("tells of a store that fails, and looks again", async () => {
      const orders = await insert(1);
      let fails = true;
      const claim: OrderStore["claim"] = async (request) => {
        if (!fails) return store.claim(request);
        fails = false;
        throw new Error("no store");
      };
      start({ store: { claim, release: store.release }, intervalMs: 20 });
      await settledAre(orders);
      assert.deepEqual(errors, ["undefined undefined: no store"]);
    });

    it("gives back what it has in hand when it stops, tells of no failure that its stop caused, and looks no more", async () => {
      const orders = await insert(20);
      const begun = Promise.withResolvers<void>();
      let taken = 0;
      const hanging: Settle = (order, options) => {
        if (++taken === 16) begun.resolve();
        return hang(order, options);
      };
      const first = start({ saga: { settle: hanging }, concurrency: 16, intervalMs: 1 });
      await begun.promise;
      await first.stop();
      const { length } = looks;
      assert.deepEqual([taken, settled, errors], [16, [], []]);
      start(); // would not get them before the lease ends
      await settledAre(orders);
      assert.equal(looks.length, length + 1);
    });

    it("tells of no store that is gone when it is stopped", async () => {
      const reading = Promise.withResolvers<ClaimedOrder[]>();
      const recovery = start({ store: { claim: () => reading.promise, release: store.release } });
      const stopped = recovery.stop();
      reading.reject(new Error("closed"));
      await stopped;
      assert.deepEqual(errors, []);
    });
  });
});
