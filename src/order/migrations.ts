import { type Kysely, sql } from "kysely";
import type { SchemaChange } from "../storage/migrate.ts";
import { buildIndex, dropIndex } from "../storage/online-index.ts";

/** Of the time of these migrations, which later code must not change. */
const UNSETTLED = sql<boolean>`state in ('pending', 'cancelling')`;
const FAILING = sql<boolean>`attempts >= 3`;

/** The order role's schema, one migration per change. A released migration is never edited. */
export const orderMigrations: Record<string, SchemaChange> = {
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
    online: true,
    async up(db: Kysely<unknown>) {
      // Nearly all orders are settled. An index of the others alone stays small.
      await buildIndex(db, { name: "orders_unsettled", table: "orders", columns: ["id", "state"], where: UNSETTLED });
      await dropIndex(db, "orders_by_state");
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
    },
  },
  "005_due": {
    online: true,
    async up(db: Kysely<unknown>) {
      const unsettled = { table: "orders", where: UNSETTLED };
      await buildIndex(db, { ...unsettled, name: "orders_due", columns: ["due_at", "state", "attempts"] });
      const failing = sql<boolean>`${UNSETTLED} and ${FAILING}`;
      await buildIndex(db, { name: "orders_failing", table: "orders", columns: ["due_at"], where: failing });
      await dropIndex(db, "orders_unsettled");
    },
  },
};
