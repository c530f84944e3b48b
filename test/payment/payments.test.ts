import assert from "node:assert/strict";
import type { Kysely } from "kysely";
import { paymentMigrations } from "../../src/payment/migrations.ts";
import type { CardNetwork, Charge, PaymentStore } from "../../src/payment/payment.ts";
import { type PaymentSchema, sqlPaymentStore } from "../../src/payment/payment-store.ts";
import { createPayments, type Payments } from "../../src/payment/payments.ts";
import { type SandboxSchema, sandboxCardNetwork } from "../../src/payment/sandbox-card-network.ts";
import { eachDatabase } from "../support/stores.ts";

type Schema = PaymentSchema & SandboxSchema;

const charge = (over: Partial<Charge> = {}): Charge => ({
  key: "order-1",
  amount: { minorUnits: 10_997n, currency: "USD" },
  card: "tok_ok",
  ...over,
});

eachDatabase((database) => {
  describe("payments", () => {
    let db: Kysely<Schema>;
    let network: CardNetwork;
    let payments: Payments;

    beforeEach(async () => {
      ({ db } = await database.open<Schema>({ role: "payment", migrations: paymentMigrations }));
      network = sandboxCardNetwork(db);
      payments = createPayments(sqlPaymentStore(db), network);
    });

    /** What the ledger and the network hold: "account movement amount", and the state of each capture. */
    async function books() {
      const entries = await db
        .selectFrom("ledger_entries")
        .selectAll()
        .orderBy("movement")
        .orderBy("account")
        .execute();
      const captures = await db.selectFrom("sandbox_captures").selectAll().execute();
      return {
        ledger: entries.map((e) => `${e.account} ${e.movement} ${e.minor_units}`),
        network: captures.map((c) => c.state),
      };
    }
    const CHARGED = ["card_network charge 10997", "sales charge -10997"];
    const REFUNDED = [...CHARGED, "card_network refund -10997", "sales refund 10997"];

    it("charges once, however often and however concurrently it is asked", async () => {
      const results = await Promise.all(Array.from({ length: 6 }, () => payments.charge(charge())));
      const again = await payments.charge(charge());
      for (const result of [...results, again]) {
        assert.equal(result.kind, "charged");
        assert.deepEqual(result, results[0]);
      }
      assert.deepEqual(await books(), { ledger: CHARGED, network: ["captured"] });
    });

    it("declines, again and again, and books nothing", async () => {
      for (const [key, card, reason] of [
        ["a", "tok_declined", "CARD_DECLINED"],
        ["b", "tok_insufficient_funds", "INSUFFICIENT_FUNDS"],
        ["c", "tok_unheard_of", "CARD_DECLINED"],
      ] as const) {
        for (let i = 0; i < 2; i++) {
          const result = await payments.charge(charge({ key, card }));
          assert.ok(result.kind === "declined");
          assert.equal(result.reason, reason);
        }
      }
      assert.deepEqual((await books()).ledger, []);
    });

    it("refuses a key that comes with another amount, currency or card", async () => {
      await payments.charge(charge());
      for (const over of [
        { amount: { minorUnits: 10_998n, currency: "USD" } },
        { amount: { minorUnits: 10_997n, currency: "EUR" } },
        { card: "tok_declined" },
      ]) {
        assert.deepEqual(await payments.charge(charge(over)), { kind: "key_reused" });
      }
      assert.deepEqual((await books()).ledger, CHARGED);
    });

    it("refunds once", async () => {
      await payments.charge(charge());
      const refunds = await Promise.all(Array.from({ length: 4 }, () => payments.refund("order-1")));
      for (const payment of [...refunds, await payments.refund("order-1")]) assert.equal(payment.state, "refunded");
      assert.equal((await payments.charge(charge())).kind, "refunded");
      assert.deepEqual(await books(), { ledger: REFUNDED, network: ["reversed"] });
    });

    it("voids a key that was never charged, so that a late charge takes nothing", async () => {
      assert.equal((await payments.refund("order-1")).state, "refunded");
      assert.equal((await payments.charge(charge())).kind, "refunded");
      assert.deepEqual(await books(), { ledger: [], network: [] });
    });

    it("leaves a declined payment declined when it is refunded", async () => {
      await payments.charge(charge({ card: "tok_declined" }));
      assert.equal((await payments.refund("order-1")).state, "declined");
    });

    it("settles a charge that a crash cut off, before or after the network took it", async () => {
      for (const when of ["before", "after"]) {
        const dying: CardNetwork = {
          ...network,
          async capture(request) {
            if (when === "after") await network.capture(request);
            throw new Error("the process died here");
          },
        };
        const key = `order-${when}`;
        await assert.rejects(createPayments(sqlPaymentStore(db), dying).charge(charge({ key })), /died/);
        assert.equal((await payments.find(key))?.state, "pending");
        assert.equal((await payments.charge(charge({ key }))).kind, "charged");
      }
      assert.deepEqual((await books()).network, ["captured", "captured"]);
    });

    it("keeps nothing of a charge whose refund died between the network and its own write", async () => {
      const store = sqlPaymentStore(db);
      const dying: CardNetwork = { ...network, capture: () => Promise.reject(new Error("the process died here")) };
      await assert.rejects(createPayments(store, dying).charge(charge()), /died/);
      const halfway: CardNetwork = {
        ...network,
        async reverse(key) {
          await network.reverse(key);
          throw new Error("the process died here");
        },
      };
      await assert.rejects(createPayments(store, halfway).refund("order-1"), /died/);
      assert.equal((await payments.find("order-1"))?.state, "pending");
      assert.equal((await payments.charge(charge())).kind, "refunded");
      assert.equal((await payments.find("order-1"))?.state, "refunded");
      assert.deepEqual(await books(), { ledger: [], network: ["reversed"] });
    });

    it("keeps nothing when a refund overtakes a charge at the network", async () => {
      const slow: CardNetwork = {
        ...network,
        async capture(request) {
          const answer = await network.capture(request);
          await payments.refund(request.key); // in the gap between the network's answer and our own write
          return answer;
        },
      };
      const result = await createPayments(sqlPaymentStore(db), slow).charge(charge());
      assert.equal(result.kind, "refunded");
      assert.deepEqual(await books(), { ledger: [], network: ["reversed"] });
    });

    it("tells what the refund wrote when that is recorded just before the charge would record it", async () => {
      const store = sqlPaymentStore(db);
      const reversed: CardNetwork = {
        ...network,
        async capture(request) {
          await network.reverse(request.key); // by a refund that has yet to record it
          return network.capture(request);
        },
      };
      const late: PaymentStore = {
        ...store,
        async advance(from, to, entries) {
          await payments.refund(from.key);
          return store.advance(from, to, entries);
        },
      };
      const result = await createPayments(late, reversed).charge(charge());
      assert.deepEqual(result, { kind: "refunded", payment: await payments.find("order-1") });
      assert.deepEqual(await books(), { ledger: [], network: ["reversed"] });
    });

    it("tells no outcome of a payment that vanished while it was charged", async () => {
      const robbed: CardNetwork = {
        ...network,
        async capture(request) {
          await db.deleteFrom("payments").execute();
          return network.capture(request);
        },
      };
      await assert.rejects(createPayments(sqlPaymentStore(db), robbed).charge(charge()), /payment .+ is not settled/);
      assert.deepEqual((await books()).ledger, []);
    });

    it("takes a decline without a reason, at the network or in the books, for that of the card", async () => {
      const declined = charge({ card: "tok_insufficient_funds" });
      await network.capture(declined);
      await db.updateTable("sandbox_captures").set({ reason: null }).execute();
      assert.deepEqual(await network.capture(declined), { kind: "declined", reason: "CARD_DECLINED" });
      await payments.charge(declined);
      await db.updateTable("payments").set({ decline_reason: null }).execute();
      const again = await payments.charge(declined);
      assert.ok(again.kind === "declined");
      assert.equal(again.reason, "CARD_DECLINED");
    });
  });
});
