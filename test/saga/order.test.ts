import assert from "node:assert/strict";
import { canMove, isFinal, moveOrder, type OrderState, totalOf } from "../../src/order/order.ts";
import { anOrder } from "../support/orders.ts";

const STATES: OrderState[] = ["pending", "paid", "rejected", "cancelling", "cancelled"];
const LEGAL = [
  "pending paid",
  "pending rejected",
  "pending cancelling",
  "pending cancelled",
  "paid cancelling",
  "cancelling cancelled",
];

const order = anOrder();

describe("an order", () => {
  for (const from of STATES) {
    for (const to of STATES) {
      const legal = LEGAL.includes(`${from} ${to}`);
      it(`${legal ? "may" : "may not"} go from ${from} to ${to}`, () => {
        assert.equal(canMove(from, to), legal);
        const move = () => moveOrder({ ...order, state: from }, to, 2, "WHY");
        if (legal) assert.deepEqual(move(), { ...order, state: to, rejectReason: "WHY", updatedAt: 2 });
        else assert.throws(move, /cannot go from/);
      });
    }
  }

  it("is final when rejected or cancelled", () => {
    assert.deepEqual(STATES.filter(isFinal), ["rejected", "cancelled"]);
  });

  it("totals exactly", () => {
    const item = (minorUnits: bigint, quantity: number) => ({
      productId: 1,
      quantity,
      unitPrice: { minorUnits, currency: "USD" },
    });
    assert.deepEqual(totalOf([item(2999n, 2), item(4999n, 1)]), { minorUnits: 10_997n, currency: "USD" });
    assert.equal(totalOf([item(100_000_000n, 10_000)]).minorUnits, 1_000_000_000_000n);
    assert.deepEqual(totalOf([]), { minorUnits: 0n, currency: "" });
  });
});
