// The order role's book beside the payment role's: what must be true of both when nothing is under way.
import assert from "node:assert/strict";
import type { Kysely } from "kysely";
import type { OrderState } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import type { PaymentSchema } from "../../src/payment/payment-store.ts";
import type { SandboxSchema } from "../../src/payment/sandbox-card-network.ts";

/** How many orders are in each state. */
export type Audit = Partial<Record<OrderState, number>>;

/** What payment, ledger and card network may hold of an order, as one line each: "state | ledger | capture". */
const CHARGE = "card_network charge +, sales charge -";
const REFUND = "card_network refund -, sales refund +";
const LEGAL: Record<OrderState, readonly string[]> = {
  pending: [],
  paid: [`charged | ${CHARGE} | captured`],
  rejected: ["declined |  | declined"],
  cancelling: [],
  cancelled: [
    `refunded | ${CHARGE}, ${REFUND} | reversed`,
    "refunded |  | reversed", // captured, and given back before the capture was booked
    "refunded |  | none", // voided before it was captured
    "declined |  | declined",
    "declined |  | reversed",
  ],
};

/**
 * Checks that every order came to its end with the money where it belongs: a paid one has one charge of its total, a cancelled one none or
 * one that was given back, a rejected one none; that nobody paid for what is no order; and that all books are balanced.
 */
export async function audit(
  orderBook: Kysely<OrderSchema>,
  paymentBook: Kysely<PaymentSchema & SandboxSchema>,
): Promise<Audit> {
  const orders = await orderBook.selectFrom("orders").selectAll().execute();
  const payments = new Map(
    (await paymentBook.selectFrom("payments").selectAll().execute()).map((payment) => [payment.key, payment]),
  );
  const captures = await paymentBook.selectFrom("sandbox_captures").selectAll().execute();
  const captureOf = new Map(captures.map(({ key, state }) => [key, state]));
  const entries = await paymentBook
    .selectFrom("ledger_entries")
    .selectAll()
    .orderBy("movement")
    .orderBy("account")
    .execute();

  const counts: Audit = {};
  for (const order of orders) {
    const name = `order ${order.id}, ${order.state}`;
    const payment = payments.get(order.id);
    assert.ok(payment, `${name}: has no payment`);
    const own = entries.filter((entry) => entry.payment_id === payment.id);
    const ledger = own.map((e) => `${e.account} ${e.movement} ${e.minor_units > 0n ? "+" : "-"}`).join(", ");
    const line = `${payment.state} | ${ledger} | ${captureOf.get(order.id) ?? "none"}`;
    assert.ok(LEGAL[order.state].includes(line), `${name}: ${line}`);

    assert.equal(order.minor_units, totalOf(order.items), `${name}: total`);
    for (const { minor_units, currency } of own) {
      const amount = minor_units > 0n ? minor_units : -minor_units;
      assert.deepEqual([amount, currency], [order.minor_units, order.currency], `${name}: amount in the ledger`);
    }
    if (payment.minor_units !== null) assert.equal(payment.minor_units, order.minor_units, `${name}: amount`);
    counts[order.state] = (counts[order.state] ?? 0) + 1;
  }

  const ids = new Set(orders.map((order) => order.id));
  for (const key of [...payments.keys(), ...captureOf.keys()]) assert.ok(ids.has(key), `${key} is paid but no order`);
  const balance = entries.reduce((sum, entry) => sum + entry.minor_units, 0n);
  assert.equal(balance, 0n, "the ledger's balance");
  return counts;
}

function totalOf(json: string): bigint {
  const items = JSON.parse(json) as { quantity: number; unitPrice: { minorUnits: string } }[];
  return items.reduce((sum, item) => sum + BigInt(item.quantity) * BigInt(item.unitPrice.minorUnits), 0n);
}
