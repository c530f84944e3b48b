import { type Kysely, type Selectable, sql } from "kysely";
import { engineOf } from "../storage/engine.ts";
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

/** By name: a prepared statement must not have other columns after another replica has added one to the table. */
const COLUMNS = [
  "id",
  "key",
  "minor_units",
  "currency",
  "fingerprint",
  "state",
  "decline_reason",
  "created_at",
  "updated_at",
] as const satisfies readonly (keyof PaymentSchema["payments"])[];

/** A PaymentStore in SQL. */
export function sqlPaymentStore(db: Kysely<PaymentSchema>): PaymentStore {
  const moveAndBook = engineOf(db) === "postgresql" ? inOneStatement(db) : inOneTransaction(db);

  async function find(key: string): Promise<Payment | undefined> {
    const row = await db.selectFrom("payments").select(COLUMNS).where("key", "=", key).executeTakeFirst();
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

    async advance(from, to, entries) {
      if (entries.length > 0)
        return moveAndBook(
          from,
          to,
          entries.map((entry) => toEntryRow(to, entry)),
        );
      const { numUpdatedRows } = await moved(db, from, to).executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}

/** A payment never returns to a state, so the state alone tells whether another writer was faster. */
const moved = (db: Kysely<PaymentSchema>, from: Payment, to: Payment) =>
  db
    .updateTable("payments")
    .set({ state: to.state, decline_reason: to.declineReason ?? null, updated_at: to.updatedAt })
    .where("id", "=", from.id)
    .where("state", "=", from.state);

type MoveAndBook = (from: Payment, to: Payment, rows: readonly Entry[]) => Promise<boolean>;

/** One way to PostgreSQL instead of the four of a transaction, with the same atomicity. */
function inOneStatement(db: Kysely<PaymentSchema>): MoveAndBook {
  return async (from, to, rows) => {
    // The booking reads what the move returns: nothing if another writer was faster. Parameters in a select have no type of their own.
    const { numInsertedOrUpdatedRows } = await db
      .with("moved", (writer) => moved(writer as typeof db, from, to).returning("id"))
      .insertInto("ledger_entries")
      .columns(["payment_id", "account", "movement", "minor_units", "currency", "booked_at"])
      .expression((expression) => {
        const [first, ...others] = rows.map((row) =>
          expression
            .selectFrom("moved")
            .select([
              "moved.id",
              sql<Entry["account"]>`cast(${row.account} as text)`.as("account"),
              sql<Entry["movement"]>`cast(${row.movement} as text)`.as("movement"),
              sql<bigint>`cast(${row.minor_units} as bigint)`.as("minor_units"),
              sql<string>`cast(${row.currency} as text)`.as("currency"),
              sql<bigint>`cast(${row.booked_at} as bigint)`.as("booked_at"),
            ]),
        );
        return others.reduce((all, each) => all.unionAll(each), first!);
      })
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === BigInt(rows.length);
  };
}

function inOneTransaction(db: Kysely<PaymentSchema>): MoveAndBook {
  return (from, to, rows) =>
    db.transaction().execute(async (tx) => {
      const { numUpdatedRows } = await moved(tx, from, to).executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) return false;
      await tx.insertInto("ledger_entries").values(rows).execute();
      return true;
    });
}

type Entry = PaymentSchema["ledger_entries"];

function toEntryRow(payment: Payment, { account, movement, minorUnits, currency }: LedgerEntry): Entry {
  return {
    payment_id: payment.id,
    account,
    movement,
    minor_units: minorUnits,
    currency,
    booked_at: payment.updatedAt,
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
