import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import pg from "pg";
import { openDatabase } from "../../src/storage/database.ts";
import type { SchemaChange } from "../../src/storage/migrate.ts";
import { buildIndex } from "../../src/storage/online-index.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { eachDatabase, type Location } from "../support/stores.ts";

const migration = (...statements: string[]): Migration => ({
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});

const PROGRAM = join(import.meta.dirname, "migrating-process.ts");
const REPLICAS = 6;

function startReplica({ file, url }: Location) {
  const child = spawn(process.execPath, [PROGRAM, file, ...(url === undefined ? [] : [url])]);
  const exit = once(child, "close");
  const errors = text(child.stderr);
  return {
    ready: once(child.stdout, "data"),
    /** What it prints, then its exit status, then its errors. */
    async migrate(): Promise<[string, number | null, string]> {
      const output = text(child.stdout);
      child.stdin.write("go\n");
      const [status] = await exit;
      return [await output, status, await errors];
    },
  };
}

eachDatabase((store) => {
  it("applies each migration once, in the order of names", async () => {
    const first = { "001_create": migration("create table log (entry text)", "insert into log values ('created')") };
    const later = { "002_extend": migration("insert into log values ('extended')"), ...first };
    const { db } = await store.open({ role: "sample", migrations: first });
    const entries = async () => (await sql<{ entry: string }>`select entry from log`.execute(db)).rows;

    await store.open({ role: "sample", migrations: later });
    await store.open({ role: "sample", migrations: later });
    assert.deepEqual(await entries(), [{ entry: "created" }, { entry: "extended" }]);
  });

  it("leaves no trace of a migration that fails, nor of those before it", async () => {
    const good = { "001_create": migration("create table things (id integer primary key)") };
    const bad = { ...good, "002_bad": migration("insert into things values (1)", "insert into things values (1)") };
    const failed = await store.open({ role: "sample", migrations: bad }).catch((error: unknown) => error);
    assert.match(inspect(failed), /unique/i);

    const { db } = await store.open({ role: "sample", migrations: good });
    assert.deepEqual((await sql`select * from things`.execute(db)).rows, []);
  });

  it("applies an online change again if it was left in the middle, and those after it then", async () => {
    let fails = true;
    const changes: Record<string, SchemaChange> = {
      "001_create": migration("create table log (entry text)"),
      "002_online": {
        online: true,
        async up(db: Kysely<unknown>) {
          const where = sql<boolean>`entry is not null`;
          await buildIndex(db, { name: "log_entries", table: "log", columns: ["entry"], where });
          if (fails) throw new Error("killed");
        },
      },
      "003_extend": migration("insert into log values ('extended')"),
      "004_extend": migration("insert into log values ('again')"),
    };
    await assert.rejects(store.open({ role: "sample", migrations: changes }), (error) => /killed/.test(inspect(error)));
    fails = false;
    const { db } = await store.open({ role: "sample", migrations: changes });
    const { rows } = await sql`select entry from log`.execute(db);
    assert.deepEqual(rows, [{ entry: "extended" }, { entry: "again" }]);
  });

  it("keeps apart the migrations of roles that share a database", async () => {
    const users = await store.open({ role: "user", migrations: { "001": migration("create table users (id text)") } });
    await store.open({ role: "order", migrations: { "001": migration("create table orders (id text)") } });
    await sql`select * from users, orders`.execute(users.db);
  });

  it("lets replicas start at the same time: one migrates, the others wait", async () => {
    const replicas = Array.from({ length: REPLICAS }, () => startReplica(store.location()));
    await Promise.all(replicas.map((replica) => replica.ready));
    const results = await Promise.all(replicas.map((replica) => replica.migrate()));
    assert.deepEqual(results, Array(REPLICAS).fill(["001_create,002_fill\n", 0, ""]));
  });
});

describe("a database whose lock nobody gives back, as behind a pooler", () => {
  const changes = { "001_create": migration("create table log (entry text)") };
  const options = { file: "", role: "sample", migrations: changes };
  let database: TestDatabase;
  let holder: pg.Client;
  before(async () => {
    database = await createTestDatabase();
    holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("select pg_advisory_lock(hashtextextended('sample_migration', 0))");
  });
  after(async () => {
    await holder.end();
    await database.drop();
  });

  it("holds up a change until it is applied, by whoever does, and nobody after that", async () => {
    const { url } = database;
    const waiting = openDatabase({ ...options, url });
    let isOpen = false;
    waiting.then(
      () => (isOpen = true),
      () => {},
    );
    const waits =
      "select 1 from pg_stat_activity where datname = current_database() and query like '%pg_try_advisory_lock%'";
    await eventually(async () => assert.ok((await holder.query(waits)).rows.length > 0));
    assert.equal(isOpen, false);
    const applied = await openDatabase({ ...options, url, role: "other" });
    await holder.query("alter table other_migration rename to sample_migration");
    await holder.query("alter table other_migration_lock rename to sample_migration_lock");
    for (const opened of [applied, await waiting, await openDatabase({ ...options, url })]) await opened.close();
  });
});
