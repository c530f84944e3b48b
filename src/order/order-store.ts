import { type Kysely, sql } from "kysely";
import { compiledOnce } from "../storage/compiled-once.ts";
import { databaseNow } from "../storage/database-clock.ts";
import { untilAborted } from "../storage/statement-cancels.ts";
import type { Order, OrderState, OrderStore, StepOptions } from "./order.ts";
import { sqlOrderClaims } from "./order-claims.ts";
import { COLUMNS, fromRow, type OrderSchema, toRow } from "./order-rows.ts";

export type OrderStoreOptions = {
  /** An order is left to the call that works on it for so long after each change. Default: 10,000 */
  readonly restMs?: number;
};

/** Attempts at one update against concurrent writers. An attempt fails only when another writer succeeds. */
const MAX_ATTEMPTS = 10;

type NewRow = Omit<OrderSchema["orders"], "version" | "due_at" | "attempts">;
type Move = Pick<NewRow, "id" | "reject_reason" | "updated_at"> & { from: OrderState; to: OrderState };

/** An OrderStore in SQL that both databases accept. */
export function sqlOrderStore(db: Kysely<OrderSchema>, { restMs = 10_000 }: OrderStoreOptions = {}): OrderStore {
  const afterRest = sql<bigint>`${databaseNow(db)} + ${restMs}`;

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
        due_at: afterRest,
        attempts: 0,
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
        due_at: afterRest,
        attempts: 0,
      })
      .where("id", "=", value("id"))
      .where("state", "=", value("from")),
  );

  async function get(id: string, { signal }: StepOptions = {}): Promise<Order | undefined> {
    const found = await db
      .selectFrom("orders")
      .select(COLUMNS)
      .where("id", "=", id)
      .executeTakeFirst(untilAborted(signal));
    return found && fromRow(found);
  }

  async function stored(id: string, call: StepOptions): Promise<Order> {
    const order = await get(id, call);
    if (order === undefined) throw new Error(`there is no order ${id} to update`);
    return order;
  }

  return {
    ...sqlOrderClaims(db),
    get,

    async getMany(ids) {
      const rows = await db.selectFrom("orders").select(COLUMNS).where("id", "in", padded(ids)).execute();
      return rows.map(fromRow);
    },

    async versionsOf(ids) {
      const rows = await db
        .selectFrom("orders")
        .select(["id", "state", "updated_at"])
        .where("id", "in", padded(ids))
        .execute();
      return rows.map(({ id, state, updated_at: at }) => ({ id, state, updatedAt: Number(at) }));
    },

    async findByKey(userId, key, { signal } = {}) {
      const found = await db
        .selectFrom("orders")
        .select(COLUMNS)
        .where("user_id", "=", userId)
        .where("key", "=", key)
        .executeTakeFirst(untilAborted(signal));
      return found && { order: fromRow(found), fingerprint: found.fingerprint };
    },

    async insert(order, { key, fingerprint }, { signal } = {}) {
      const { numAffectedRows } = await insertOrder({ ...toRow(order), key, fingerprint }, untilAborted(signal));
      return numAffectedRows === 1n ? "inserted" : "key_exists";
    },

    async update(known, change, call = {}) {
      let before = known;
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const after = change(before);
        if (after === before) return before;
        // An order never returns to a state, so the state alone tells whether another writer was faster.
        const move = {
          id: before.id,
          from: before.state,
          to: after.state,
          reject_reason: after.rejectReason ?? null,
          updated_at: after.updatedAt,
        };
        const { numAffectedRows } = await moveStored(move, untilAborted(call.signal));
        if (numAffectedRows === 1n) return after;
        before = await stored(known.id, call);
      }
      throw new Error(`order ${known.id} was changed by others ${MAX_ATTEMPTS} times in a row`);
    },

    async listByUser({ userId, before, limit }, { signal } = {}) {
      const rows = await db
        .selectFrom("orders")
        .select(COLUMNS)
        .where("user_id", "=", userId)
        .$if(before !== undefined, (q) => q.where("id", "<", before!))
        .orderBy("id", "desc")
        .limit(limit)
        .execute(untilAborted(signal));
      return rows.map(fromRow);
    },
  };
}

/** Repeats the last one up to a power of two, so that lists of any length make few different statements. */
function padded<T>(list: readonly T[]): T[] {
  const length = 2 ** Math.ceil(Math.log2(list.length));
  return Array.from({ length }, (_, i) => list[Math.min(i, list.length - 1)]!);
}
