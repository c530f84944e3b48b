// Orders as tests place, store and read them.
import assert from "node:assert/strict";
import type { Kysely } from "kysely";
import type { Order } from "../../src/order/order.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import type { NewOrder } from "../../src/order/saga.ts";

/** The items of README's order, as the gateway takes them: 109.97 in all. */
export const ITEMS = [
  { product_id: 1, quantity: 2, price: 29.99 },
  { product_id: 2, quantity: 1, price: 49.99 },
];

/** README's order, as the gateway takes it. */
export const ORDER = { user_id: 123, items: ITEMS };

/** What the gateway answers to it, but for the order's id. */
export const CREATED = { status: "created", total: { minor_units: "10997", currency: "USD" } };

/** The same items as the order role has them. */
export const ORDER_ITEMS = [
  { productId: 1, quantity: 2, unitPrice: { minorUnits: 2999n, currency: "USD" } },
  { productId: 2, quantity: 1, unitPrice: { minorUnits: 4999n, currency: "USD" } },
];

/** The services that an order passes, by their names in telemetry. */
export const ORDER_SERVICES = ["api-gateway", "order-service", "payment-service", "user-service"];

/** A request to the saga. */
export const newOrder = (over: Partial<NewOrder> = {}): NewOrder => ({
  key: "key-1",
  userId: 123,
  items: ORDER_ITEMS,
  paymentMethod: "tok_ok",
  ...over,
});

/** Ids of one millisecond are in no order, so these are counted. */
let count = 0;

/** A pending order; each call gives one with a larger id. */
export const anOrder = (over: Partial<Order> = {}): Order => ({
  id: `01990000-0000-7000-8000-${String(++count).padStart(12, "0")}`,
  userId: 123,
  items: ORDER_ITEMS,
  total: { minorUnits: 10_997n, currency: "USD" },
  paymentMethod: "tok_ok",
  state: "pending",
  rejectReason: undefined,
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_000,
  traceparent: undefined,
  ...over,
});

/** Stores pending orders that no call works on, as calls leave them that die. Returns their ids, which ascend. */
export async function abandonOrders(db: Kysely<OrderSchema>, count: number): Promise<string[]> {
  const store = sqlOrderStore(db);
  const orders = Array.from({ length: count }, () => anOrder());
  await Promise.all(orders.map((order) => store.insert(order, { key: order.id, fingerprint: "f" })));
  return orders.map(({ id }) => id);
}

/** Posts an order to a gateway. */
export function placeOrder(
  gateway: string,
  order: unknown = ORDER,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${gateway}/api/orders`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof order === "string" ? order : JSON.stringify(order),
  });
}

/** The id of the trace that an answer of a gateway names; that trace is recorded. */
export function traceIdOf({ headers }: Response): string {
  const traceResponse = headers.get("traceresponse") ?? "";
  const [, traceId] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(traceResponse) ?? [];
  assert.ok(traceId !== undefined, `traceresponse: ${traceResponse}`);
  return traceId;
}
