import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** The payment role's schema, one migration per change. A released migration is never edited. */
export const paymentMigrations: Record<string, Migration> = {
  "001_payments": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("payments")
        .addColumn("id", "varchar(36)", (c) => c.primaryKey())
        .addColumn("key", "varchar(128)", (c) => c.notNull().unique())
        .addColumn("minor_units", "bigint")
        .addColumn("currency", "varchar(3)")
        .addColumn("fingerprint", "varchar(64)", (c) => c.notNull())
        .addColumn("state", "varchar(16)", (c) => c.notNull())
        .addColumn("decline_reason", "varchar(64)")
        .addColumn("created_at", "bigint", (c) => c.notNull())
        .addColumn("updated_at", "bigint", (c) => c.notNull())
        .execute();
      await db.schema
        .createTable("ledger_entries")
        .addColumn("payment_id", "varchar(36)", (c) => c.notNull().references("payments.id"))
        .addColumn("account", "varchar(32)", (c) => c.notNull())
        .addColumn("movement", "varchar(16)", (c) => c.notNull())
        .addColumn("minor_units", "bigint", (c) => c.notNull())
        .addColumn("currency", "varchar(3)", (c) => c.notNull())
        .addColumn("booked_at", "bigint", (c) => c.notNull())
        // The database itself refuses to book a movement twice.
        .addPrimaryKeyConstraint("ledger_entries_pk", ["payment_id", "movement", "account"])
        .execute();
      await db.schema
        .createTable("sandbox_captures")
        .addColumn("key", "varchar(128)", (c) => c.primaryKey())
        .addColumn("state", "varchar(16)", (c) => c.notNull())
        .addColumn("reason", "varchar(64)")
        .execute();
    },
  },
};
