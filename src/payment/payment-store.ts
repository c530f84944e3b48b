import type { Kysely, Selectable } from "kysely";
import type { DeclineReason, LedgerEntry, Payment, PaymentState, PaymentStore } from "./payment.ts";

export type PaymentSchema = {
  payments: {
    id: string;
    key: string;
    minor_units: bigint | null;
    currency: string | null;
    fingerprint: string;
    state: PaymentState;
    decline_reason: DeclineReason | null;
    created_at: number | bigint;
    updated_at: number | bigint;
  };
  ledger_entries: {
    payment_id: string;
    account: LedgerEntry["account"];
    movement: LedgerEntry["movement"];
    minor_units: bigint;
    currency: string;
    booked_at: number | bigint;
  };
};

/** A PaymentStore in SQL that both databases accept. */
export function sqlPaymentStore(db: Kysely<PaymentSchema>): PaymentStore {
  async function find(key: string): Promise<Payment | undefined> {
    const row = await db.selectFrom("payments").selectAll().where("key", "=", key).executeTakeFirst();
    return row && fromRow(row);
  }

  return {
    find,

    async insert(payment) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("payments")
        .values(toRow(payment))
        .onConflict((conflict) => conflict.column("key").doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows === 1n) return { kind: "inserted" };
      const existing = await find(payment.key);
      if (existing === undefined) throw new Error("a payment that has the key is not to be found");
      return { kind: "exists", payment: existing };
    },

    advance: (from, to, entries) =>
      db.transaction().execute(async (tx) => {
        // A payment never returns to a state, so the state alone tells whether another writer was faster.
        const { numUpdatedRows } = await tx
          .updateTable("payments")
          .set({ state: to.state, decline_reason: to.declineReason ?? null, updated_at: to.updatedAt })
          .where("id", "=", from.id)
          .where("state", "=", from.state)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows !== 1n) return false;
        const rows = entries.map(({ account, movement, minorUnits, currency }) => ({
          payment_id: to.id,
          account,
          movement,
          minor_units: minorUnits,
          currency,
          booked_at: to.updatedAt,
        }));
        if (rows.length > 0) await tx.insertInto("ledger_entries").values(rows).execute();
        return true;
      }),
  };
}

function toRow(payment: Payment): PaymentSchema["payments"] {
  return {
    id: payment.id,
    key: payment.key,
    minor_units: payment.amount?.minorUnits ?? null,
    currency: payment.amount?.currency ?? null,
    fingerprint: payment.fingerprint,
    state: payment.state,
    decline_reason: payment.declineReason ?? null,
    created_at: payment.createdAt,
    updated_at: payment.updatedAt,
  };
}

function fromRow(row: Selectable<PaymentSchema["payments"]>): Payment {
  const { minor_units: minorUnits, currency } = row;
  return {
    id: row.id,
    key: row.key,
    amount: minorUnits === null || currency === null ? undefined : { minorUnits: BigInt(minorUnits), currency },
    fingerprint: row.fingerprint,
    state: row.state,
    declineReason: row.decline_reason ?? undefined,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}
