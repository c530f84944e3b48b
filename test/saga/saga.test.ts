import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { ChargeOutcome, Order, OrderItem, OrderStore, PaymentsPeer, UsersPeer } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { startRecovery } from "../../src/order/recovery.ts";
import { createSaga, type NewOrder, type Saga } from "../../src/order/saga.ts";
import { eventually } from "../support/eventually.ts";
import { newOrder, ORDER_ITEMS } from "../support/orders.ts";
import { eachDatabase } from "../support/stores.ts";

/** The payment role as the contract promises it: one outcome a key, for ever. Faults are thrown once each, in order. */
function payments() {
  const book = new Map<string, "charged" | "refunded">();
  const faults: { at: "before" | "after"; error: Error }[] = [];
  const calls: string[] = [];

  function once<T>(name: string, effect: () => T): T {
    calls.push(name);
    const fault = faults.shift();
    if (fault?.at === "before") throw fault.error;
    const result = effect();
    if (fault?.at === "after") throw fault.error;
    return result;
  }
  const peer: PaymentsPeer = {
    charge: async ({ key, card }) =>
      once("charge", (): ChargeOutcome => {
        if (book.get(key) === "refunded") return { kind: "refunded" };
        if (card === "tok_declined") return { kind: "declined", reason: "CARD_DECLINED" };
        book.set(key, "charged");
        return { kind: "charged" };
      }),
    refund: async (key) => once("refund", () => void book.set(key, "refunded")),
  };
  return { peer, book, faults, calls };
}

eachDatabase((database) => {
  describe("order saga", () => {
    let store: OrderStore;
    let bank: ReturnType<typeof payments>;
    let changes: Order[];
    let saga: Saga;

    beforeEach(async () => {
      const { db } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations });
      store = sqlOrderStore(db, { restMs: 0 });
      bank = payments();
      changes = [];
      saga = sagaOver(store);
    });

    const sagaOver = (orders: OrderStore, exists: UsersPeer["exists"] = async (id) => id <= 1000) =>
      createSaga({
        store: orders,
        users: { exists },
        payments: bank.peer,
        newId: randomUUIDv7,
        onChange: (order) => changes.push(order),
      });

    async function created(over?: Partial<NewOrder>): Promise<Order> {
      const result = await saga.create(newOrder(over), {});
      assert.ok(result.kind === "created");
      return result.order;
    }

    it("writes, charges, and is paid", async () => {
      const order = await created();
      assert.equal(order.state, "paid");
      assert.deepEqual(order.total, { minorUnits: 10_997n, currency: "USD" });
      assert.deepEqual(
        changes.map((c) => c.state),
        ["pending", "paid"],
      );
      assert.deepEqual([...bank.book], [[order.id, "charged"]]);
      assert.deepEqual(await store.get(order.id), order);
    });

    it("returns the same order for the same key, also when asked at the same time", async () => {
      const results = await Promise.all(Array.from({ length: 5 }, () => created()));
      assert.equal(new Set(results.map((o) => o.id)).size, 1);
      assert.deepEqual([...bank.book.values()], ["charged"]);
    });

    it("refuses a key that comes with other content", async () => {
      await created();
      const [item, ...others] = ORDER_ITEMS;
      const withItem = (over: Partial<OrderItem>) => newOrder({ items: [{ ...item!, ...over }, ...others] });
      for (const other of [
        newOrder({ paymentMethod: "tok_other" }),
        newOrder({ items: others }),
        withItem({ productId: 3 }),
        withItem({ quantity: 3 }),
        withItem({ unitPrice: { minorUnits: 3000n, currency: "USD" } }),
        withItem({ unitPrice: { minorUnits: 2999n, currency: "EUR" } }),
      ]) {
        assert.deepEqual(await saga.create(other, {}), { kind: "key_reused" });
      }
      assert.deepEqual([...bank.book.values()], ["charged"]);
    });

    it("answers a known key also while nobody can tell whether the user exists, and where the user is gone", async () => {
      const order = await created();
      for (const exists of [() => Promise.reject(new Error("away")), async () => false]) {
        saga = sagaOver(store, exists);
        assert.deepEqual(await created(), order);
        assert.deepEqual(await saga.create(newOrder({ paymentMethod: "tok_other" }), {}), { kind: "key_reused" });
      }
    });

    it("writes nothing while nobody can tell whether the user exists", async () => {
      saga = sagaOver(store, () => Promise.reject(new Error("away")));
      await assert.rejects(saga.create(newOrder(), {}), /away/);
      assert.deepEqual([changes, bank.calls], [[], []]);
    });

    it("writes nothing for an unknown user", async () => {
      assert.deepEqual(await saga.create(newOrder({ userId: 1001 }), {}), { kind: "user_unknown" });
      assert.deepEqual(changes, []);
      assert.equal(await store.findByKey(1001, "key-1"), undefined);
    });

    it("is rejected when the card is declined, and stays so", async () => {
      for (let i = 0; i < 2; i++) {
        const result = await saga.create(newOrder({ paymentMethod: "tok_declined" }), {});
        assert.ok(result.kind === "rejected");
        assert.equal(result.order.rejectReason, "CARD_DECLINED");
        assert.deepEqual(await saga.cancel(result.order.id, {}), { kind: "not_cancellable" });
      }
      assert.equal(bank.book.size, 0);
    });

    for (const at of ["before", "after"] as const) {
      it(`stays pending when the charge fails ${at} it took effect; the same key ends it with one charge`, async () => {
        bank.faults.push({ at, error: new Error("away") });
        await assert.rejects(saga.create(newOrder(), {}), /away/);
        const pending = await store.findByKey(123, "key-1");
        assert.equal(pending?.order.state, "pending");
        const order = await created();
        assert.equal(order.id, pending?.order.id);
        assert.equal(order.state, "paid");
        assert.deepEqual([...bank.book], [[order.id, "charged"]]);
      });
    }

    it("cancels a paid order with one refund, however often it is asked", async () => {
      const order = await created();
      bank.faults.push({ at: "after", error: new Error("away") });
      await assert.rejects(saga.cancel(order.id, {}), /away/);
      assert.equal((await store.get(order.id))?.state, "cancelling");
      for (let i = 0; i < 2; i++) {
        const result = await saga.cancel(order.id, {});
        assert.ok(result.kind === "cancelled");
        assert.equal(result.order.state, "cancelled");
      }
      assert.deepEqual([...bank.book], [[order.id, "refunded"]]);
      assert.deepEqual(await saga.cancel(randomUUIDv7(), {}), { kind: "not_found" });
    });

    it("is cancelled once by all who cancel it at the same time", async () => {
      const { id } = await created();
      const results = await Promise.all(Array.from({ length: 4 }, () => saga.cancel(id, {})));
      for (const result of results) assert.ok(result.kind === "cancelled");
      assert.deepEqual(
        changes.map((c) => c.state),
        ["pending", "paid", "cancelling", "cancelled"],
      );
    });

    it("is dated by the clock, at each step anew", async () => {
      let clock = 1_700_000_000_000;
      const now = () => ++clock;
      saga = createSaga({ store, users: { exists: async () => true }, payments: bank.peer, newId: randomUUIDv7, now });
      const order = await created();
      const result = await saga.cancel(order.id, {});
      assert.ok(result.kind === "cancelled");
      assert.equal(order.createdAt, 1_700_000_000_001);
      assert.deepEqual([order.updatedAt, result.order.updatedAt], [1_700_000_000_002, 1_700_000_000_004]);
    });

    it("keeps no money when a cancel overtakes the charge", async () => {
      const real = bank.peer.charge;
      bank.peer.charge = async (request, call) => {
        bank.peer.charge = real;
        await saga.cancel(request.key, {});
        return real(request, call);
      };
      const order = await created();
      assert.equal(order.state, "cancelled");
      assert.deepEqual([...bank.book], [[order.id, "refunded"]]);
    });

    it("keeps no money when a cancel comes between the charge and its record", async () => {
      const real = bank.peer.charge;
      bank.peer.charge = async (request, call) => {
        bank.peer.charge = real;
        const outcome = await real(request, call);
        await saga.cancel(request.key, {});
        return outcome;
      };
      const order = await created();
      assert.equal(order.state, "cancelled");
      assert.deepEqual([...bank.book], [[order.id, "refunded"]]);
    });

    it("is recovered at start, whether it was being charged or cancelled", async () => {
      bank.faults.push({ at: "after", error: new Error("crash") });
      await assert.rejects(saga.create(newOrder({ key: "charging" }), {}), /crash/);
      const paid = await created({ key: "cancelling" });
      bank.faults.push({ at: "before", error: new Error("crash") });
      await assert.rejects(saga.cancel(paid.id, {}), /crash/);

      const errors: unknown[] = [];
      const recovery = startRecovery({ store, saga, onError: (error) => errors.push(error), intervalMs: 20 });
      try {
        await eventually(async () => {
          assert.equal((await store.findByKey(123, "charging"))?.order.state, "paid");
          assert.equal((await store.get(paid.id))?.state, "cancelled");
        });
      } finally {
        await recovery.stop();
      }
      assert.deepEqual(errors, []);
      assert.deepEqual([...bank.book.values()].sort(), ["charged", "refunded"]);
    });

    it("is recovered later when the peer is still away at first", async () => {
      bank.faults.push({ at: "before", error: new Error("away 1") }, { at: "before", error: new Error("away 2") });
      await assert.rejects(saga.create(newOrder(), {}), /away 1/);
      const errors: string[] = [];
      const onError = (error: unknown) => errors.push(String(error));
      const recovery = startRecovery({ store, saga, onError, intervalMs: 20 });
      try {
        await eventually(async () => assert.equal((await store.findByKey(123, "key-1"))?.order.state, "paid"));
      } finally {
        await recovery.stop();
      }
      assert.deepEqual(errors, ["Error: away 2"]);
    });
  });
});
