import assert from "node:assert/strict";
import { Kysely, PostgresDialect, sql } from "kysely";
import { type Database, openDatabase } from "../../src/storage/database.ts";
import { isUnavailable } from "../../src/storage/errors.ts";
import { createPool } from "../../src/storage/postgres.ts";
import { startPostgres } from "../../tools/test-servers/postgres.ts";
import type { TestServer } from "../../tools/test-servers/server.ts";
import { eventually } from "../support/eventually.ts";

const one = async (db: Kysely<unknown>) => (await sql<{ n: number }>`select 1 as n`.execute(db)).rows;

describe("PostgreSQL that goes away", () => {
  let server: TestServer;
  let database: Database<unknown>;
  before(async () => {
    server = await startPostgres();
  });
  beforeEach(async () => {
    database = await openDatabase({ url: server.url, file: "", role: "sample", migrations: {}, poolMax: 3 });
  });
  afterEach(() => database.close());
  after(() => server.remove());

  it("and comes back is found again by the pool", async () => {
    const { db } = database;
    await Promise.all([one(db), one(db), one(db)]);
    const running = sql`select pg_sleep(60)`.execute(db);
    const lost = assert.rejects(running, (error) => isUnavailable(error));
    await server.stop();
    await lost;
    await assert.rejects(one(db), (error) => isUnavailable(error));

    await server.start();
    assert.deepEqual(await eventually(() => one(db)), [{ n: 1 }]);
    assert.deepEqual(await Promise.all([one(db), one(db), one(db)]), Array(3).fill([{ n: 1 }]));
  });

  it("in the middle of a transaction, between statements, fails the transaction and nothing else", async () => {
    const { db } = database;
    const result = db.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
      const pid = rows[0]?.pid;
      await sql`select pg_terminate_backend(${pid}::int)`.execute(db);
      await eventually(async () => {
        const alive = await sql`select 1 from pg_stat_activity where pid = ${pid}::int`.execute(db);
        assert.deepEqual(alive.rows, []);
      });
      await one(transaction);
    });
    await assert.rejects(result, (error) => isUnavailable(error));
    assert.deepEqual(await one(db), [{ n: 1 }]);
  });

  it("rejects the opening", async () => {
    const nowhere = "postgresql://postgres@127.0.0.1:1/postgres";
    const opening = openDatabase({ url: nowhere, file: "", role: "sample", migrations: {} });
    await assert.rejects(opening, (error) => isUnavailable(error));
  });

  it("has no connection left to give: callers fail after a bounded wait", async () => {
    const options = {
      url: server.url,
      applicationName: "test",
      max: 1,
      statementTimeoutMs: 0,
      connectionTimeoutMs: 500,
    };
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: createPool(options) }) });
    const held = await db.startTransaction().execute();
    await assert.rejects(one(db), (error) => isUnavailable(error));
    await held.rollback().execute();
    assert.deepEqual(await one(db), [{ n: 1 }]);
    await db.destroy();
  });

  it("takes settings from the URL's parameters", async () => {
    const url = `${server.url}?statement_timeout=1234&application_name=from-url`;
    const { db, close } = await openDatabase({ url, file: "", role: "sample", migrations: {} });
    const setting = (name: string) => sql`select current_setting(${name}) as value`.execute(db);
    assert.deepEqual((await setting("statement_timeout")).rows, [{ value: "1234ms" }]);
    assert.deepEqual((await setting("application_name")).rows, [{ value: "from-url" }]);
    assert.deepEqual((await setting("idle_in_transaction_session_timeout")).rows, [{ value: "10s" }]);
    await close();
  });
});
