// A small schema for tests of the storage itself.
import type { Generated, Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export type SampleSchema = {
  accounts: {
    id: string;
    email: string | null;
    balance: bigint;
    version: Generated<number>;
  };
};

export const sampleMigrations: Record<string, Migration> = {
  "001_accounts": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("accounts")
        .addColumn("id", "varchar(36)", (c) => c.primaryKey())
        .addColumn("email", "text", (c) => c.unique())
        .addColumn("balance", "bigint", (c) => c.notNull())
        .addColumn("version", "integer", (c) => c.notNull().defaultTo(1))
        .execute();
    },
  },
};
