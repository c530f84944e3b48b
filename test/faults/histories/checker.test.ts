// The checker of histories, on a right history and on ones in which something was planted.
import assert from "node:assert/strict";
import { faultsOf } from "./checker.ts";
import type { History, Operation, OrderRecord, PaymentRecord } from "./history.ts";

const order = (id: string, over: Partial<OrderRecord> = {}): OrderRecord => ({
  id,
  key: `key-${id}`,
  state: "paid",
  amount: "10997",
  card: "tok_ok",
  ...over,
});
const payment = (key: string, over: Partial<PaymentRecord> = {}): PaymentRecord => ({
  key,
  state: "charged",
  sales: ["-10997"],
  capture: "captured",
  ...over,
});
const REFUNDED = { state: "refunded", sales: ["-10997", "10997"], capture: "reversed" } as const;
const DECLINED = { state: "declined", sales: [], capture: "declined" } as const;

const call = (
  kind: Operation["kind"],
  id: string,
  at: number,
  state: OrderRecord["state"],
  card = "tok_ok",
): Operation => ({
  client: 0,
  kind,
  begin: at,
  end: at + 5,
  key: `key-${id}`,
  answer: { kind: "ok", id, state, amount: "10997" },
  card,
  ...(kind !== "create" && { id }),
});

const RIGHT: History = {
  operations: [
    call("create", "a", 0, "paid"),
    call("get", "a", 10, "paid"),
    call("create", "b", 0, "rejected", "tok_declined"),
    call("create", "c", 0, "paid"),
    call("cancel", "c", 10, "cancelled"),
    call("get", "c", 20, "cancelled"),
    { ...call("create", "d", 0, "paid"), answer: { kind: "unknown", code: "unavailable" } },
  ],
  tables: {
    orders: [
      order("a"),
      order("b", { state: "rejected", card: "tok_declined" }),
      order("c", { state: "cancelled" }),
      order("d"),
    ],
    payments: [payment("a"), payment("b", DECLINED), payment("c", REFUNDED), payment("d")],
    balance: "0",
  },
};

/** The right history with another state of its tables, or with more calls. */
const withOrder = (id: string, over: Partial<OrderRecord>): History => ({
  ...RIGHT,
  tables: {
    ...RIGHT.tables,
    orders: RIGHT.tables.orders.map((each) => (each.id === id ? { ...each, ...over } : each)),
  },
});
const withPayment = (key: string, over: Partial<PaymentRecord>): History => ({
  ...RIGHT,
  tables: {
    ...RIGHT.tables,
    payments: RIGHT.tables.payments.map((each) => (each.key === key ? { ...each, ...over } : each)),
  },
});
const withCall = (operation: Operation): History => ({ ...RIGHT, operations: [...RIGHT.operations, operation] });
const withTables = (over: Partial<History["tables"]>): History => ({ ...RIGHT, tables: { ...RIGHT.tables, ...over } });

const { orders, payments } = RIGHT.tables;
const PLANTED: Record<string, [History, RegExp]> = {
  "a double charge": [withPayment("a", { sales: ["-10997", "-10997"] }), /order a, paid: has the payment/],
  "a second payment": [withTables({ payments: [...payments, payment("a")] }), /order a, paid: has 2 payments/],
  "no payment": [withTables({ payments: payments.slice(1) }), /order a, paid: has 0 payments/],
  "a payment of no order": [withTables({ payments: [...payments, payment("x")] }), /payment x: is of no order/],
  "a lost order": [
    withTables({ orders: orders.slice(1), payments: payments.slice(1) }),
    /create by client 0 at 0: the order a is lost/,
  ],
  "two orders of a key": [
    withTables({ orders: [...orders, order("e", { key: "key-a" })], payments: [...payments, payment("e")] }),
    /key key-a: has several orders/,
  ],
  "an order that is not found": [
    withCall({ ...call("get", "a", 30, "paid"), answer: { kind: "refused", code: "not_found" } }),
    /the order a was not found/,
  ],
  "a state that goes back": [withCall(call("get", "c", 40, "paid")), /order c: was cancelled at 25 and paid at 40/],
  "a state that cannot lead to the end": [
    withCall(call("get", "a", 0, "rejected")),
    /saw rejected, which cannot become paid/,
  ],
  "a refund without a cancellation": [withPayment("a", REFUNDED), /order a, paid: has the payment refunded/],
  "a cancellation without a refund": [withPayment("c", payment("c")), /order c, cancelled: has the payment charged/],
  "a refund of less": [withPayment("c", { sales: ["-10997", "1"] }), /order c, cancelled: has the payment/],
  "a charge of less": [withPayment("a", { sales: ["-1"] }), /order a, paid: has the payment/],
  "money kept by the card network": [withPayment("c", { capture: "captured" }), /order c, cancelled/],
  "a capture of a rejected order": [withPayment("b", { capture: "captured" }), /order b, rejected/],
  "a ledger out of balance": [withTables({ balance: "3" }), /balance is 3/],
  "a pending order": [withOrder("d", { state: "pending" }), /order d, pending: is not settled/],
  "a half cancelled order": [withOrder("c", { state: "cancelling" }), /order c, cancelling: is not settled/],
  "a cancellation that nobody asked for": [
    { operations: RIGHT.operations.filter(({ kind }) => kind !== "cancel"), tables: RIGHT.tables },
    /order c: is cancelled, but nobody asked/,
  ],
  "a cancellation that did not last": [
    { ...withOrder("c", { state: "paid" }), operations: RIGHT.operations },
    /cancel by client 0 at 10: saw cancelled, which cannot become paid/,
  ],
  "a wrong amount in an answer": [
    withCall({ ...call("get", "a", 30, "paid"), answer: { kind: "ok", id: "a", state: "paid", amount: "1" } }),
    /saw the amount 1, not 10997/,
  ],
  "an order of another key in an answer": [
    withCall({ ...call("create", "a", 30, "paid"), key: "key-b" }),
    /got the order of another key/,
  ],
  "a paid order that was refused": [
    withCall({ ...call("create", "a", 30, "paid"), answer: { kind: "refused", code: "FailedPrecondition" } }),
    /key key-a: was refused with FailedPrecondition, but the order is paid/,
  ],
  "a paid order with a bad card": [withOrder("a", { card: "tok_declined" }), /is paid with a card that is declined/],
  "a rejected order with a good card": [withOrder("b", { card: "tok_ok" }), /is rejected with a good card/],
};

describe("the checker of histories", () => {
  it("finds nothing wrong with a right one", () => assert.deepEqual(faultsOf(RIGHT), []));

  for (const [name, [history, found]] of Object.entries(PLANTED))
    it(`finds ${name}`, () => assert.match(faultsOf(history).join("\n"), found));
});
