import assert from "node:assert/strict";
import { movePayment, type Payment, type PaymentState } from "../../src/payment/payment.ts";

const STATES: PaymentState[] = ["pending", "charged", "declined", "refunded"];
const LEGAL = ["pending charged", "pending declined", "pending refunded", "charged refunded"];

const payment: Payment = {
  id: "payment-1",
  key: "order-1",
  amount: { minorUnits: 10_997n, currency: "USD" },
  fingerprint: "f",
  state: "pending",
  declineReason: undefined,
  createdAt: 1,
  updatedAt: 1,
};

describe("a payment", () => {
  for (const from of STATES) {
    for (const to of STATES) {
      const legal = LEGAL.includes(`${from} ${to}`);
      it(`${legal ? "may" : "may not"} go from ${from} to ${to}`, () => {
        const before: Payment = { ...payment, state: from };
        const move = () => movePayment(before, to, 2, "CARD_DECLINED");
        if (legal) assert.deepEqual(move(), { ...before, state: to, declineReason: "CARD_DECLINED", updatedAt: 2 });
        else assert.throws(move, /payment-1 cannot go from/);
      });
    }
  }
});
