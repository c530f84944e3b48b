import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The order role's schema, one migration per change. A released migration is never edited. */
export const orderMigrations: Record<string, Migration> = {
  "001_orders": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("orders")
        .addColumn("id", "varchar(36)", (c) => c.primaryKey())
        .addColumn("user_id", "bigint", (c) => c.notNull())
        .addColumn("key", "varchar(128)", (c) => c.notNull())
        .addColumn("fingerprint", "varchar(64)", (c) => c.notNull())
        .addColumn("items", "text", (c) => c.notNull())
        .addColumn("minor_units", "bigint", (c) => c.notNull())
        .addColumn("currency", "varchar(3)", (c) => c.notNull())
        .addColumn("payment_method", "varchar(64)", (c) => c.notNull())
        .addColumn("state", "varchar(16)", (c) => c.notNull())
        .addColumn("reject_reason", "varchar(64)")
        .addColumn("version", "integer", (c) => c.notNull())
        .addColumn("created_at", "bigint", (c) => c.notNull())
        .addColumn("updated_at", "bigint", (c) => c.notNull())
        .addUniqueConstraint("orders_user_key", ["user_id", "key"])
        .execute();
      // Ids ascend with time, so this index also sorts a user's orders by age.
      await db.schema.createIndex("orders_by_user").on("orders").columns(["user_id", "id"]).execute();
      await db.schema.createIndex("orders_by_state").on("orders").columns(["state", "id"]).execute();
    },
  },
  "002_traceparent": {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable("orders").addColumn("traceparent", "varchar(55)").execute();
    },
  },
  "003_unsettled": {
    async up(db: Kysely<unknown>) {
      // Nearly all orders are settled. An index of the others alone stays small, and has them by age, as the recovery takes them.
      await db.schema
        .createIndex("orders_unsettled")
        .on("orders")
        .columns(["id", "state"])
        .where(sql<boolean>`state in ('pending', 'cancelling')`)
        .execute();
      await db.schema.dropIndex("orders_by_state").execute();
    },
  },
  "004_claims": {
    async up(db: Kysely<unknown>) {
      // By the database's clock: from when on a recovery may take an unsettled order. A replica of the version before does not know it. Then
      // it is 0, and the order may be settled by two at the same time, which is safe.
      await db.schema
        .alterTable("orders")
        .addColumn("due_at", "bigint", (c) => c.notNull().defaultTo(0))
        .execute();
      await db.schema
        .alterTable("orders")
        .addColumn("attempts", "integer", (c) => c.notNull().defaultTo(0))
        .execute();
      await db.schema
        .createIndex("orders_due")
        .on("orders")
        .columns(["due_at", "state", "attempts"])
        .where(sql<boolean>`state in ('pending', 'cancelling')`)
        .execute();
      await db.schema.dropIndex("orders_unsettled").execute();
    },
  },
};
