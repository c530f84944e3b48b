import { type Kysely, type Selectable, sql } from "kysely";
import { compiledOnce } from "../storage/compiled-once.ts";
import type { Order, OrderItem, OrderState, OrderStore, UnsettledState } from "./order.ts";

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
  };
};

/** Attempts at one update against concurrent writers. An attempt fails only when another writer succeeds. */
const MAX_ATTEMPTS = 10;

/** Word for word the condition of an index: SQLite takes that index for nothing else. */
const UNSETTLED = sql<boolean>`state in ('pending', 'cancelling')`;

/** By name: a prepared statement must not have other columns after another replica has added one to the table. */
const COLUMNS = [
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

type NewRow = Omit<OrderSchema["orders"], "version">;
type Move = Pick<NewRow, "id" | "reject_reason" | "updated_at"> & { from: OrderState; to: OrderState };
type OrderRow = Pick<Selectable<OrderSchema["orders"]>, (typeof COLUMNS)[number]>;

/** An OrderStore in SQL that both databases accept. */
export function sqlOrderStore(db: Kysely<OrderSchema>): OrderStore {
  const insertOrder = compiledOnce<NewRow>(db, (value) =>
    db
      .insertInto("orders")
      .values({
        id: value("id"),
        user_id: value("user_id"),
        key: value("key"),
        fingerprint: value("fingerprint"),
        items: value("items"),
        minor_units: value("minor_units"),
        currency: value("currency"),
        payment_method: value("payment_method"),
        state: value("state"),
        reject_reason: value("reject_reason"),
        version: 1,
        created_at: value("created_at"),
        updated_at: value("updated_at"),
        traceparent: value("traceparent"),
      })
      .onConflict((conflict) => conflict.columns(["user_id", "key"]).doNothing()),
  );

  const moveStored = compiledOnce<Move>(db, (value) =>
    db
      .updateTable("orders")
      .set({
        state: value("to"),
        reject_reason: value("reject_reason"),
        updated_at: value("updated_at"),
        version: sql<number>`version + 1`,
      })
      .where("id", "=", value("id"))
      .where("state", "=", value("from")),
  );

  async function get(id: string): Promise<Order | undefined> {
    const found = await db.selectFrom("orders").select(COLUMNS).where("id", "=", id).executeTakeFirst();
    return found && fromRow(found);
  }

  async function stored(id: string): Promise<Order> {
    const order = await get(id);
    if (order === undefined) throw new Error(`there is no order ${id} to update`);
    return order;
  }

  return {
    get,

    async findByKey(userId, key) {
      const found = await db
        .selectFrom("orders")
        .select(COLUMNS)
        .where("user_id", "=", userId)
        .where("key", "=", key)
        .executeTakeFirst();
      return found && { order: fromRow(found), fingerprint: found.fingerprint };
    },

    async insert(order, { key, fingerprint }) {
      const { numAffectedRows } = await insertOrder({ ...toRow(order), key, fingerprint });
      return numAffectedRows === 1n ? "inserted" : "key_exists";
    },

    async update(known, change) {
      let before = known;
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const after = change(before);
        if (after === before) return before;
        // An order never returns to a state, so the state alone tells whether another writer was faster.
        const { numAffectedRows } = await moveStored({
          id: before.id,
          from: before.state,
          to: after.state,
          reject_reason: after.rejectReason ?? null,
          updated_at: after.updatedAt,
        });
        if (numAffectedRows === 1n) return after;
        before = await stored(known.id);
      }
      throw new Error(`order ${known.id} was changed by others ${MAX_ATTEMPTS} times in a row`);
    },

    async listByUser({ userId, before, limit }) {
      const rows = await db
        .selectFrom("orders")
        .select(COLUMNS)
        .where("user_id", "=", userId)
        .$if(before !== undefined, (q) => q.where("id", "<", before!))
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(fromRow);
    },

    async listUnsettled({ before, after, limit }) {
      const rows = await db
        .selectFrom("orders")
        .select(COLUMNS)
        .where(UNSETTLED)
        .where("updated_at", "<=", before)
        .$if(after !== undefined, (q) => q.where("id", ">", after!))
        .orderBy("id")
        .limit(limit)
        .execute();
      return rows.map(fromRow);
    },

    async countUnsettled(limit) {
      const oldest = db.selectFrom("orders").select("state").where(UNSETTLED).orderBy("id").limit(limit).as("oldest");
      const rows = await db
        .selectFrom(oldest)
        .select(["state", (q) => q.fn.countAll<bigint>().as("number")])
        .groupBy("state")
        .execute();
      const numberOf = (state: UnsettledState) => Number(rows.find((found) => found.state === state)?.number ?? 0);
      return { pending: numberOf("pending"), cancelling: numberOf("cancelling") };
    },
  };
}

function toRow(order: Order) {
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

function fromRow(row: OrderRow): Order {
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
