// A PostgreSQL that is there but does not answer, or not as it should.
import assert from "node:assert/strict";
import { type Kysely, sql } from "kysely";
import { type Database, openDatabase } from "../../src/storage/database.ts";
import { isUnavailable } from "../../src/storage/errors.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type StallingProxy, startStallingProxy } from "../support/stalling-proxy.ts";

const POOL = 3;

const one = async (db: Kysely<unknown>) => (await sql<{ n: number }>`select 1 as n`.execute(db)).rows;

describe("PostgreSQL", () => {
  let proxy: StallingProxy;
  let database: Database<unknown>;
  let drop: () => Promise<void>;

  /** Opens a database through the proxy, with so long a time for each statement. */
  async function open(statementTimeoutMs: number): Promise<Kysely<unknown>> {
    const created = await createTestDatabase();
    drop = created.drop;
    const url = new URL(created.url);
    proxy = await startStallingProxy(Number(url.port));
    url.port = String(proxy.port);
    url.searchParams.set("statement_timeout", String(statementTimeoutMs));
    database = await openDatabase({ url: url.href, file: "", role: "sample", migrations: {}, poolMax: POOL });
    return database.db;
  }
  afterEach(async () => {
    await database.close();
    await proxy.close();
    await drop();
  });

  it("whose connections are forgotten on the way fails what they carry in bounded time, and is found again by new ones", async () => {
    const db = await open(50);
    await Promise.all(Array.from({ length: POOL }, () => one(db)));
    proxy.forget();
    const lost = Array.from({ length: POOL }, () => assert.rejects(one(db), (error) => isUnavailable(error)));
    await Promise.all(lost);
    for (let i = 0; i < POOL; i++) assert.deepEqual(await one(db), [{ n: 1 }]);
  });

  it("whose connection is forgotten within a transaction fails that, and closes in bounded time", async () => {
    const db = await open(50);
    const transaction = db.transaction().execute(async (tx) => {
      await one(tx);
      proxy.forget();
      await one(tx);
    });
    await assert.rejects(transaction, (error) => isUnavailable(error));
    assert.deepEqual(await one(db), [{ n: 1 }]);
  });

  it("that takes only reading, as after a failover, is away for what writes", async () => {
    const db = await open(5000);
    const writing = db.transaction().execute(async (tx) => {
      await sql`set transaction read only`.execute(tx);
      await sql`create table things (id int)`.execute(tx);
    });
    await assert.rejects(writing, (error) => isUnavailable(error));
  });

  it("that has cancelled a statement is away for it", async () => {
    const db = await open(5000);
    const sleeping = assert.rejects(sql`select pg_sleep(60)`.execute(db), (error) => isUnavailable(error));
    await eventually(async () => {
      const { rows } = await sql`
        select pg_cancel_backend(pid) from pg_stat_activity
        where datname = current_database() and query like 'select pg_sleep(60)%'`.execute(db);
      assert.equal(rows.length, 1);
    });
    await sleeping;
  });
});
