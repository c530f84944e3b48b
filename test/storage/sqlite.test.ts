import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely, sql } from "kysely";
import { openDatabase } from "../../src/storage/database.ts";
import { isUnavailable } from "../../src/storage/errors.ts";
import { sqliteDialect } from "../../src/storage/sqlite-dialect.ts";
import { untilAborted } from "../../src/storage/statement-cancels.ts";

/** Holds the write lock of the database named by its argument until its standard input ends. */
const LOCKER = `
  const { DatabaseSync } = require("node:sqlite");
  const database = new DatabaseSync(process.argv[1]);
  database.exec("begin immediate");
  process.stdout.write("locked");
  process.stdin.resume().on("end", () => { database.exec("commit"); database.close(); });
`;

async function lock(file: string): Promise<ChildProcessWithoutNullStreams> {
  const locker = spawn(process.execPath, ["-e", LOCKER, file]);
  await once(locker.stdout, "data");
  return locker;
}

describe("SQLite", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tracemesh-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("creates missing directories and writes ahead", async () => {
    const file = join(folder, "a/b/test.sqlite");
    const { db, close } = await openDatabase({ file, role: "sample", migrations: {} });
    assert.equal(existsSync(file), true);
    assert.deepEqual((await sql`pragma journal_mode`.execute(db)).rows, [{ journal_mode: "wal" }]);
    assert.deepEqual((await sql`pragma foreign_keys`.execute(db)).rows, [{ foreign_keys: 1n }]);
    assert.deepEqual((await sql`pragma synchronous`.execute(db)).rows, [{ synchronous: 2n }]);
    await close();
  });

  it("lets the event loop go on however many statements wait", async () => {
    const { db, close } = await openDatabase({ file: join(folder, "test.sqlite"), role: "sample", migrations: {} });
    const slow = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000) select max(i) from n`;
    let turns = 0;
    const count = () => {
      turns++;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    const begun = performance.now();
    await Promise.all(Array.from({ length: 100 }, () => slow.execute(db)));
    const tookMs = performance.now() - begun;
    clearImmediate(counting);
    await close();
    assert.ok(tookMs > 100, `statements that take no time show nothing: ${tookMs} ms`);
    assert.ok(turns >= 5, `${turns} turns in ${tookMs} ms`);
  });

  it("names a file that is no database", async () => {
    const file = join(folder, "test.sqlite");
    await writeFile(file, "something else, and long enough to be looked at ".repeat(10));
    await assert.rejects(openDatabase({ file, role: "sample", migrations: {} }), {
      message: `cannot open the database ${file}`,
    });
  });

  it("waits for another process's lock while the event loop goes on, and reads meanwhile", async () => {
    const file = join(folder, "test.sqlite");
    const first = await openDatabase({ file, role: "sample", migrations: {} });
    const second = await openDatabase({ file, role: "sample", migrations: {} });
    await sql`create table things (id integer primary key)`.execute(first.db);
    const locker = await lock(file);

    let waiting = true;
    const write = sql`insert into things values (1)`.execute(first.db).finally(() => {
      waiting = false;
    });
    assert.deepEqual((await sql`select * from things`.execute(second.db)).rows, []);
    assert.equal(waiting, true);
    locker.stdin.end();
    await write;
    assert.deepEqual((await sql`select * from things`.execute(second.db)).rows, [{ id: 1 }]);
    await Promise.all([first.close(), second.close(), once(locker, "close")]);
  });

  it("gives up after a while with an error that says unavailable", async () => {
    const file = join(folder, "test.sqlite");
    const { db, close } = await openDatabase({ file, role: "sample", migrations: {} });
    await sql`create table things (id integer primary key)`.execute(db);
    const locker = await lock(file);

    const impatient = new Kysely<unknown>({ dialect: sqliteDialect(file, { busyTimeoutMs: 30 }) });
    await assert.rejects(sql`insert into things values (1)`.execute(impatient), (error) => isUnavailable(error));
    locker.stdin.end();
    await Promise.all([impatient.destroy(), close(), once(locker, "close")]);
  });

  it("lets all statements together wait for as long, and anew for the next lock", async () => {
    const file = join(folder, "test.sqlite");
    const { db, close } = await openDatabase({ file, role: "sample", migrations: {} });
    await sql`create table things (id integer primary key)`.execute(db);
    const impatient = new Kysely<unknown>({ dialect: sqliteDialect(file, { busyTimeoutMs: 200 }) });
    const write = () => sql`insert into things default values`.execute(impatient);
    for (let locks = 1; locks <= 2; locks++) {
      const locker = await lock(file);
      const began = performance.now();
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, write));
      const took = performance.now() - began;
      assert.ok(outcomes.every(({ status }) => status === "rejected"));
      assert.ok(took >= 200 && took < 1000, `${took} ms`);
      const waiting = write();
      locker.stdin.end();
      await Promise.all([waiting.catch(() => {}), once(locker, "close")]);
      await write();
    }
    await Promise.all([impatient.destroy(), close()]);
  });

  it("waits no longer than its caller, so that others go on", async () => {
    const file = join(folder, "test.sqlite");
    const { db, close } = await openDatabase({ file, role: "sample", migrations: {} });
    await sql`create table things (id integer primary key)`.execute(db);
    const locker = await lock(file);

    const call = AbortSignal.timeout(50);
    await assert.rejects(sql`insert into things values (1)`.execute(db, untilAborted(call)), { name: "TimeoutError" });
    const began = performance.now();
    assert.deepEqual((await sql`select * from things`.execute(db)).rows, []);
    assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`);
    locker.stdin.end();
    await once(locker, "close");
    assert.deepEqual((await sql`select * from things`.execute(db)).rows, []);
    await close();
  });

  it("reads columns that were added after a statement was prepared", async () => {
    const { db, close } = await openDatabase({ file: join(folder, "test.sqlite"), role: "sample", migrations: {} });
    const select = async () => (await sql`select * from things`.execute(db)).rows;
    await sql`create table things (id integer)`.execute(db);
    await sql`insert into things values (1)`.execute(db);
    assert.deepEqual(await select(), [{ id: 1 }]);
    await sql`alter table things add column name text default 'x'`.execute(db);
    assert.deepEqual(await select(), [{ id: 1, name: "x" }]);
    await close();
  });

  it("streams rows", async () => {
    type Schema = { things: { id: number } };
    const file = join(folder, "test.sqlite");
    const { db, close } = await openDatabase<Schema>({ file, role: "sample", migrations: {} });
    await sql`create table things (id integer)`.execute(db);
    const rows = Array.from({ length: 100 }, (_, id) => ({ id }));
    await db.insertInto("things").values(rows).execute();
    const streamed: Schema["things"][] = [];
    for await (const row of db.selectFrom("things").selectAll().orderBy("id").stream()) streamed.push(row);
    assert.deepEqual(streamed, rows);
    await close();
  });

  it("prepares any number of statements", async () => {
    const { db, close } = await openDatabase({ file: join(folder, "test.sqlite"), role: "sample", migrations: {} });
    for (let n = 0; n < 1000; n++) {
      assert.deepEqual((await sql`select ${n} as n, ${sql.lit(n)} as literal`.execute(db)).rows, [
        { n, literal: BigInt(n) },
      ]);
    }
    await close();
  });
});
