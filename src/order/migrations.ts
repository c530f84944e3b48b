import type { Kysely } from "kysely";
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
};
