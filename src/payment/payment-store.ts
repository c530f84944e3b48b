import { type Kysely, type Selectable, sql } from "kysely";
import { compiledOnce } from "../storage/compiled-once.ts";
import { engineOf } from "../storage/engine.ts";
import { untilAborted } from "../storage/statement-cancels.ts";
import type { DeclineReason, LedgerEntry, Payment, PaymentState, PaymentStore, Wanted } from "./payment.ts";

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

  const insertPayment = compiledOnce<PaymentSchema["payments"]>(db, (value) =>
    db
      .insertInto("payments")
      .values({
        id: value("id"),
        key: value("key"),
        minor_units: value("minor_units"),
        currency: value("currency"),
        fingerprint: value("fingerprint"),
        state: value("state"),
        decline_reason: value("decline_reason"),
        created_at: value("created_at"),
        updated_at: value("updated_at"),
      })
      .onConflict((conflict) => conflict.column("key").doNothing()),
  );

  async function find(key: string, call?: Wanted): Promise<Payment | undefined> {
    const query = db.selectFrom("payments").select(COLUMNS).where("key", "=", key);
    const row = await query.executeTakeFirst(untilAborted(call?.signal));
    return row && fromRow(row);
  }

  return {
    find,

    async insert(payment, call) {
      const { numAffectedRows } = await insertPayment(toRow(payment), untilAborted(call?.signal));
      if (numAffectedRows === 1n) return { kind: "inserted" };
      const existing = await find(payment.key, call);
      if (existing === undefined) throw new Error("a payment that has the key is not to be found");
      return { kind: "exists", payment: existing };
    },

    async advance(from, to, entries) {
      if (entries.length > 0) return moveAndBook(moveOf(from, to), entries);
      const { numUpdatedRows } = await moved(db, (name) => moveOf(from, to)[name]).executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}

type Move = ReturnType<typeof moveOf>;

const moveOf = (from: Payment, to: Payment) => ({
  id: from.id,
  from: from.state,
  to: to.state,
  decline_reason: to.declineReason ?? null,
  updated_at: to.updatedAt,
});

type MoveValue = <Name extends keyof Move>(name: Name) => Move[Name];

/** A payment never returns to a state, so the state alone tells whether another writer was faster. */
const moved = (db: Kysely<PaymentSchema>, value: MoveValue) =>
  db
    .updateTable("payments")
    .set({ state: value("to"), decline_reason: value("decline_reason"), updated_at: value("updated_at") })
    .where("id", "=", value("id"))
    .where("state", "=", value("from"));

type MoveAndBook = (move: Move, entries: readonly LedgerEntry[]) => Promise<boolean>;

/** One way to PostgreSQL instead of the four of a transaction, with the same atomicity. */
function inOneStatement(db: Kysely<PaymentSchema>): MoveAndBook {
  type Booked = Move & { accounts: string[]; movements: string[]; amounts: bigint[]; currencies: string[] };
  // The booking reads what the move returns: nothing if another writer was faster.
  const moveAndBook = compiledOnce<Booked>(db, (value) =>
    db
      .with("moved", (writer) => moved(writer as typeof db, value).returning(["id", "updated_at"]))
      .insertInto("ledger_entries")
      .columns(["payment_id", "account", "movement", "minor_units", "currency", "booked_at"])
      .expression((expression) =>
        expression
          .selectFrom([
            "moved",
            sql<Omit<Entry, "payment_id" | "booked_at">>`unnest(
              ${value("accounts")}::text[], ${value("movements")}::text[], ${value("amounts")}::bigint[], ${value("currencies")}::text[]
            )`.as<"entry">(sql`entry (account, movement, minor_units, currency)`),
          ])
          .select([
            "moved.id",
            "entry.account",
            "entry.movement",
            "entry.minor_units",
            "entry.currency",
            "moved.updated_at",
          ]),
      ),
  );
  return async (move, entries) => {
    const { numAffectedRows } = await moveAndBook({
      ...move,
      accounts: entries.map(({ account }) => account),
      movements: entries.map(({ movement }) => movement),
      amounts: entries.map(({ minorUnits }) => minorUnits),
      currencies: entries.map(({ currency }) => currency),
    });
    return numAffectedRows === BigInt(entries.length);
  };
}

function inOneTransaction(db: Kysely<PaymentSchema>): MoveAndBook {
  return (move, entries) =>
    db.transaction().execute(async (tx) => {
      const { numUpdatedRows } = await moved(tx, (name) => move[name]).executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) return false;
      const rows = entries.map((entry) => toEntryRow(move, entry));
      await tx.insertInto("ledger_entries").values(rows).execute();
      return true;
    });
}

type Entry = PaymentSchema["ledger_entries"];

function toEntryRow(move: Move, { account, movement, minorUnits, currency }: LedgerEntry): Entry {
  return {
    payment_id: move.id,
    account,
    movement,
    minor_units: minorUnits,
    currency,
    booked_at: move.updated_at,
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
