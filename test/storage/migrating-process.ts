// A process that opens a database, with migrations that take a while, once it is told to on standard input: see migrations.test.ts.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { openDatabase } from "../../src/storage/database.ts";

const migrations: Record<string, Migration> = {
  "001_create": {
    async up(db: Kysely<unknown>) {
      await sql`create table migrated (name text not null)`.execute(db);
      await delay(50);
      await sql`insert into migrated (name) values ('001_create')`.execute(db);
    },
  },
  "002_fill": {
    async up(db: Kysely<unknown>) {
      await delay(50);
      await sql`insert into migrated (name) values ('002_fill')`.execute(db);
    },
  },
};

const [file = "", url] = process.argv.slice(2);
process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdin.destroy();
const { db, close } = await openDatabase({ file, url, role: "replica", migrations });
const { rows } = await sql<{ name: string }>`select name from migrated order by name`.execute(db);
process.stdout.write(`${rows.map(({ name }) => name).join()}\n`);
await close();
