import assert from "node:assert/strict";
import type { Kysely } from "kysely";
import { paymentMigrations } from "../../src/payment/migrations.ts";
import { ledgerEntries, movePayment, type Payment, type PaymentStore } from "../../src/payment/payment.ts";
import { type PaymentSchema, sqlPaymentStore } from "../../src/payment/payment-store.ts";
import { eachDatabase } from "../support/stores.ts";

const AMOUNT = { minorUnits: 999_999_999_999n, currency: "EUR" };
const pending: Payment = {
  id: "01990000-0000-7000-8000-000000000001",
  key: "order-1",
  amount: AMOUNT,
  fingerprint: "f",
  state: "pending",
  declineReason: undefined,
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_000,
};

eachDatabase((database) => {
  describe("payment store", () => {
    let db: Kysely<PaymentSchema>;
    let store: PaymentStore;
    beforeEach(async () => {
      ({ db } = await database.open<PaymentSchema>({ role: "payment", migrations: paymentMigrations }));
      store = sqlPaymentStore(db);
    });
    const booked = async () => (await db.selectFrom("ledger_entries").selectAll().execute()).length;

    it("takes a key once, and gives what has it", async () => {
      assert.deepEqual(await store.insert(pending), { kind: "inserted" });
      const other: Payment = { ...pending, id: "01990000-0000-7000-8000-000000000002", fingerprint: "g" };
      assert.deepEqual(await store.insert(other), { kind: "exists", payment: pending });
      assert.deepEqual(await store.find(pending.key), pending);
      assert.equal(await store.find("order-2"), undefined);
    });

    it("keeps a void key, which has no amount", async () => {
      const voided: Payment = { ...pending, amount: undefined, state: "refunded" };
      await store.insert(voided);
      assert.deepEqual(await store.find(pending.key), voided);
    });

    it("keeps all of a payment that comes declined", async () => {
      const declined: Payment = { ...pending, state: "declined", declineReason: "INSUFFICIENT_FUNDS" };
      await store.insert(declined);
      assert.deepEqual(await store.find(pending.key), declined);
    });

    it("fails if what has the key is gone when it is looked for", async () => {
      await store.insert(pending);
      const robbed = sqlPaymentStore(
        db.withPlugin({
          transformQuery: ({ node }) => node,
          async transformResult({ result }) {
            await db.deleteFrom("payments").execute();
            return result;
          },
        }),
      );
      await assert.rejects(robbed.insert(pending), /a payment that has the key is not to be found/);
    });

    it("moves a payment from the state that was read, and books with it", async () => {
      await store.insert(pending);
      const charged = movePayment(pending, "charged", pending.updatedAt + 1);
      assert.equal(await store.advance(pending, charged, ledgerEntries("charge", AMOUNT)), true);
      assert.deepEqual([await store.find(pending.key), await booked()], [charged, 2]);
      const declined = movePayment(pending, "declined", pending.updatedAt + 2, "CARD_DECLINED");
      assert.equal(await store.advance(pending, declined, ledgerEntries("charge", AMOUNT)), false);
      assert.deepEqual([await store.find(pending.key), await booked()], [charged, 2]);
    });

    it("keeps why a payment was declined", async () => {
      await store.insert(pending);
      const declined = movePayment(pending, "declined", pending.updatedAt + 1, "INSUFFICIENT_FUNDS");
      assert.equal(await store.advance(pending, declined, []), true);
      assert.deepEqual(await store.find(pending.key), declined);
    });
  });
});
