// How orders stand in the database.
import { type Selectable, sql } from "kysely";
import { FAILING_AFTER, type Order, type OrderItem, type OrderState } from "./order.ts";

export type OrderSchema = {
  orders: {
    id: string;
    user_id: number | bigint;
    key: string;
    fingerprint: string;
    /** The items as JSON, with bigints as decimal strings. */
    items: string;
    minor_units: bigint;
    currency: string;
    payment_method: string;
    state: OrderState;
    reject_reason: string | null;
    version: number;
    created_at: number | bigint;
    updated_at: number | bigint;
    traceparent: string | null;
    /** From when on a recovery may take it, by the database's clock. Says nothing of orders that are settled. */
    due_at: number | bigint;
    /** How often a recovery has taken it in this state. */
    attempts: number;
  };
};

/** Word for word the conditions of indexes: SQLite takes those indexes for nothing else. */
export const UNSETTLED = sql<boolean>`state in ('pending', 'cancelling')`;
export const FAILING = sql<boolean>`attempts >= ${sql.lit(FAILING_AFTER)}`;

export const NOT_FAILING = sql<boolean>`attempts < ${sql.lit(FAILING_AFTER)}`;

/** By name: a prepared statement must not have other columns after another replica has added one to the table. */
export const COLUMNS = [
  "id",
  "user_id",
  "fingerprint",
  "items",
  "minor_units",
  "currency",
  "payment_method",
  "state",
  "reject_reason",
  "created_at",
  "updated_at",
  "traceparent",
] as const satisfies readonly (keyof OrderSchema["orders"])[];

export type OrderRow = Pick<Selectable<OrderSchema["orders"]>, (typeof COLUMNS)[number]>;

export function toRow(order: Order) {
  return {
    id: order.id,
    user_id: order.userId,
    items: JSON.stringify(order.items, (_, value) => (typeof value === "bigint" ? String(value) : value)),
    minor_units: order.total.minorUnits,
    currency: order.total.currency,
    payment_method: order.paymentMethod,
    state: order.state,
    reject_reason: order.rejectReason ?? null,
    created_at: order.createdAt,
    updated_at: order.updatedAt,
    traceparent: order.traceparent ?? null,
  };
}

export function fromRow(row: OrderRow): Order {
  return {
    id: row.id,
    userId: Number(row.user_id),
    items: parseItems(row.items),
    total: { minorUnits: BigInt(row.minor_units), currency: row.currency },
    paymentMethod: row.payment_method,
    state: row.state,
    rejectReason: row.reject_reason ?? undefined,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    traceparent: row.traceparent ?? undefined,
  };
}

type StoredItem = Omit<OrderItem, "unitPrice"> & { unitPrice: { minorUnits: string; currency: string } };

function parseItems(json: string): OrderItem[] {
  return (JSON.parse(json) as StoredItem[]).map(({ productId, quantity, unitPrice }) => ({
    productId,
    quantity,
    unitPrice: { minorUnits: BigInt(unitPrice.minorUnits), currency: unitPrice.currency },
  }));
}
