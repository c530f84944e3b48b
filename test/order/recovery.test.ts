import assert from "node:assert/strict";
import { orderMigrations } from "../../src/order/migrations.ts";
import { moveOrder, type Order, type OrderStore } from "../../src/order/order.ts";
import { type OrderSchema, sqlOrderStore } from "../../src/order/order-store.ts";
import { type RecoveryOptions, startRecovery } from "../../src/order/recovery.ts";
import { eventually } from "../support/eventually.ts";
import { anOrder } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

const INTERVAL_MS = 20;
const REST_MS = 10_000;

eachDatabase((database) => {
  describe("recovery", () => {
    let store: OrderStore;
    let clock: number;
    /** When each sweep began to read. */
    let sweeps: number[];
    let settled: string[];
    let errors: string[];
    let recovery: ReturnType<typeof startRecovery> | undefined;

    beforeEach(async () => {
      const { db } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations });
      store = sqlOrderStore(db);
      clock = 1_800_000_000_000;
      [sweeps, settled, errors] = [[], [], []];
    });
    afterEach(async () => {
      await recovery?.stop();
      recovery = undefined;
    });

    const settle = (order: Order) => store.update(order, (o) => moveOrder(o, "paid", clock));
    const listUnsettled: OrderStore["listUnsettled"] = (page) => {
      if (page.after === undefined) sweeps.push(performance.now());
      return store.listUnsettled(page);
    };
    function start(over: Partial<RecoveryOptions> = {}): void {
      recovery = startRecovery({
        store: { listUnsettled },
        saga: { settle },
        onSettled: (id) => settled.push(id),
        onError: (error, id) => errors.push(`${id}: ${(error as Error).message}`),
        intervalMs: INTERVAL_MS,
        restMs: REST_MS,
        now: () => clock,
        ...over,
      });
    }
    async function insert(over: Partial<Order>): Promise<Order> {
      const order = anOrder(over);
      await store.insert(order, { key: order.id, fingerprint: "f" });
      return order;
    }
    const moreSweeps = async (more: number) => {
      const before = sweeps.length;
      await eventually(() => assert.ok(sweeps.length >= before + more));
    };

    it("takes all at start, also what has only just changed", async () => {
      const { id } = await insert({ updatedAt: clock });
      start({ intervalMs: 60_000 });
      await eventually(() => assert.deepEqual(settled, [id]));
    });

    it("leaves what changed later to the call that works on it, until it has rested", async () => {
      start();
      await moreSweeps(1);
      const { id } = await insert({ updatedAt: clock });
      await moreSweeps(3);
      clock += REST_MS - 1;
      await moreSweeps(3);
      assert.deepEqual(settled, []);
      clock += 1;
      await eventually(() => assert.deepEqual(settled, [id]));
      assert.deepEqual(errors, []); // nor do sweeps fail that find nothing
    });

    it("waits its interval between two sweeps", async () => {
      start({ intervalMs: 100 });
      await moreSweeps(3);
      assert.ok(sweeps[2]! - sweeps[1]! > 95, `${sweeps}`);
    });

    it("takes more than it reads at once, each order once", async () => {
      const ids: string[] = [];
      for (let i = 0; i < 101; i++) ids.push((await insert({})).id);
      start({ intervalMs: 60_000 });
      await eventually(() => assert.deepEqual(settled.toSorted(), ids.toSorted()));
      assert.equal(sweeps.length, 1);
    });

    it("goes on after an order that cannot be settled, and tells which", async () => {
      const [bad, good] = [await insert({}), await insert({})];
      const failing = async (order: Order) => {
        if (order.id === bad.id) throw new Error("away");
        return settle(order);
      };
      start({ saga: { settle: failing }, intervalMs: 60_000 });
      await eventually(() => assert.deepEqual([errors, settled], [[`${bad.id}: away`], [good.id]]));
    });

    it("tries each order once a sweep, though none can be settled", async () => {
      const ids: string[] = [];
      for (let i = 0; i < 101; i++) ids.push((await insert({})).id);
      start({ saga: { settle: () => Promise.reject(new Error("away")) }, intervalMs: 60_000 });
      await eventually(() => assert.ok(errors.length > 100));
      await recovery?.stop();
      assert.deepEqual(errors.toSorted(), ids.map((id) => `${id}: away`).toSorted());
    });

    it("tells of a sweep that found no store, and tries again", async () => {
      const { id } = await insert({});
      let fails = true;
      const failing: OrderStore["listUnsettled"] = async (page) => {
        if (!fails) return store.listUnsettled(page);
        fails = false;
        throw new Error("no store");
      };
      start({ store: { listUnsettled: failing } });
      await eventually(() => assert.deepEqual([errors, settled], [["undefined: no store"], [id]]));
    });

    it("settles some at the same time, and not too many", async () => {
      const ids: string[] = [];
      for (let i = 0; i < 40; i++) ids.push((await insert({})).id);
      let [working, most] = [0, 0];
      const full = Promise.withResolvers<void>();
      const slow = async (order: Order) => {
        most = Math.max(most, ++working);
        if (working === 16) full.resolve();
        await full.promise;
        await new Promise(setImmediate);
        working--;
        return settle(order);
      };
      start({ saga: { settle: slow }, intervalMs: 60_000 });
      await eventually(() => assert.deepEqual(settled.toSorted(), ids.toSorted()));
      assert.equal(most, 16);
    });

    it("is not held up by an order that hangs", async () => {
      const [hangs, other] = [await insert({}), await insert({})];
      const hanging: RecoveryOptions["saga"]["settle"] = (order, { signal }) => {
        if (order.id !== hangs.id) return settle(order);
        return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      };
      start({ saga: { settle: hanging }, intervalMs: 60_000 });
      await eventually(() => assert.deepEqual(settled, [other.id]));
    });

    it("stops after the orders in hand, tells of no failure that its stop caused, and sweeps no more", async () => {
      for (let i = 0; i < 20; i++) await insert({});
      const begun = Promise.withResolvers<void>();
      const taken: string[] = [];
      const hanging: RecoveryOptions["saga"]["settle"] = (order, { signal }) => {
        if (taken.push(order.id) === 16) begun.resolve();
        return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      };
      start({ saga: { settle: hanging }, intervalMs: 1 });
      await begun.promise;
      await recovery?.stop();
      await new Promise((resolve) => setTimeout(resolve, 20)); // in which a sweep that goes on would come
      assert.deepEqual([sweeps.length, taken.length, settled, errors], [1, 16, [], []]);
    });

    it("tells of no store that is gone when it is stopped", async () => {
      const reading = Promise.withResolvers<Order[]>();
      start({ store: { listUnsettled: () => reading.promise } });
      const stopped = recovery?.stop();
      reading.reject(new Error("closed"));
      await stopped;
      assert.deepEqual(errors, []);
    });

    it("ends between two sweeps as well", async () => {
      start({ intervalMs: 1 });
      await moreSweeps(3);
      await recovery?.stop();
      const { length } = sweeps;
      await new Promise((resolve) => setTimeout(resolve, 20)); // in which a sweep that goes on would come
      assert.equal(sweeps.length, length);
    });
  });
});
