import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { isUnavailable, isUniqueViolation } from "../../src/storage/errors.ts";
import { eachDatabase } from "../support/stores.ts";
import { type SampleSchema, sampleMigrations } from "./samples.ts";

const SAMPLE = { role: "sample", migrations: sampleMigrations };

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => assert.fail("should have failed"),
    (error: unknown) => error,
  );

eachDatabase((store) => {
  const balances = async (db: Kysely<SampleSchema>) => {
    const rows = await db.selectFrom("accounts").select(["id", "balance"]).orderBy("id").execute();
    return Object.fromEntries(rows.map(({ id, balance }) => [id, balance]));
  };

  it("returns rows as they were written: bigint exactly, integer as a number, null as null", async () => {
    const { db, dialect } = await store.open<SampleSchema>(SAMPLE);
    assert.equal(dialect, store.dialect);
    const rows = [
      { id: "a", email: "a@example.com", balance: 1_000_000_000_000n, version: 1 },
      { id: "b", email: null, balance: 9_223_372_036_854_775_807n, version: 2_147_483_647 },
      { id: "c", email: null, balance: -9_223_372_036_854_775_808n, version: -1 },
      { id: "d", email: "\u00e9\u{1f600}", balance: 9_007_199_254_740_993n, version: 0 },
    ];
    const written = await db.insertInto("accounts").values(rows).returningAll().execute();
    assert.deepEqual(written, rows);
    assert.deepEqual(await db.selectFrom("accounts").selectAll().orderBy("id").execute(), rows);
  });

  it("counts and sums in BigInt", async () => {
    const { db } = await store.open<SampleSchema>(SAMPLE);
    const accounts = [1n, 2n].map((n) => ({ id: String(n), email: null, balance: n * 10n ** 15n }));
    await db.insertInto("accounts").values(accounts).execute();
    const totals = await db
      .selectFrom("accounts")
      .select((e) => [e.fn.countAll<bigint>().as("count"), sql<bigint>`cast(sum(balance) as bigint)`.as("sum")])
      .executeTakeFirstOrThrow();
    assert.deepEqual(totals, { count: 2n, sum: 3n * 10n ** 15n });
  });

  it("tells a second row with the same key from other failures", async () => {
    const { db } = await store.open<SampleSchema>(SAMPLE);
    const insert = (id: string, email: string | null) =>
      db.insertInto("accounts").values({ id, email, balance: 0n }).execute();
    await insert("a", "a@example.com");

    const samePrimaryKey = await errorOf(insert("a", null));
    const sameEmail = await errorOf(insert("b", "a@example.com"));
    const noBalance = await errorOf(sql`insert into accounts (id) values ('c')`.execute(db));
    const noTable = await errorOf(sql`select * from missing`.execute(db));
    assert.deepEqual([samePrimaryKey, sameEmail, noBalance, noTable].map(isUniqueViolation), [
      true,
      true,
      false,
      false,
    ]);
    assert.equal(isUniqueViolation(new Error("wrapped", { cause: sameEmail })), true);
    assert.deepEqual([samePrimaryKey, sameEmail, noBalance, noTable].map(isUnavailable), [false, false, false, false]);
  });

  it("tells how many rows an update changed, so that one of two writers of a version wins", async () => {
    const { db } = await store.open<SampleSchema>(SAMPLE);
    await db.insertInto("accounts").values({ id: "a", email: null, balance: 0n }).execute();

    async function addOne(): Promise<void> {
      for (;;) {
        const { balance, version } = await db
          .selectFrom("accounts")
          .select(["balance", "version"])
          .where("id", "=", "a")
          .executeTakeFirstOrThrow();
        const { numUpdatedRows } = await db
          .updateTable("accounts")
          .set({ balance: balance + 1n, version: version + 1 })
          .where("id", "=", "a")
          .where("version", "=", version)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 1n) return;
      }
    }

    await Promise.all(Array.from({ length: 20 }, addOne));
    assert.deepEqual(await balances(db), { a: 20n });
  });

  it("keeps statements of other callers out of a transaction", async () => {
    const { db } = await store.open<SampleSchema>(SAMPLE);
    const insert = (to: Kysely<SampleSchema>, id: string) =>
      to.insertInto("accounts").values({ id, email: null, balance: 1n }).execute();
    const opened = Promise.withResolvers<void>();

    const undone = db.transaction().execute(async (transaction) => {
      await insert(transaction, "undone");
      opened.resolve();
      for (let i = 0; i < 10; i++) await turn();
      throw new Error("changed my mind");
    });
    await opened.promise;
    const others = Promise.all([
      insert(db, "outside"),
      db.transaction().execute((transaction) => insert(transaction, "done")),
      assert.rejects(undone, { message: "changed my mind" }),
    ]);
    await others;
    assert.deepEqual(await balances(db), { done: 1n, outside: 1n });
  });

  it("undoes a part of a transaction", async () => {
    const { db } = await store.open<SampleSchema>(SAMPLE);
    const transaction = await db.startTransaction().execute();
    await transaction.insertInto("accounts").values({ id: "kept", email: null, balance: 1n }).execute();
    const part = await transaction.savepoint("part").execute();
    await part.insertInto("accounts").values({ id: "undone", email: null, balance: 1n }).execute();
    const whole = await part.rollbackToSavepoint("part").execute();
    await whole.commit().execute();
    assert.deepEqual(await balances(db), { kept: 1n });
  });

  it("serves two connections that write at the same time", async () => {
    const first = await store.open<SampleSchema>(SAMPLE);
    const second = await store.open<SampleSchema>(SAMPLE);
    const write = (db: Kysely<SampleSchema>, id: string) =>
      db.transaction().execute(async (transaction) => {
        await transaction.selectFrom("accounts").selectAll().execute();
        await turn();
        await transaction.insertInto("accounts").values({ id, email: null, balance: 1n }).execute();
        await turn();
      });
    const ids = Array.from({ length: 10 }, (_, i) => `account-${i}`);
    await Promise.all(ids.flatMap((id) => [write(first.db, `${id}-a`), write(second.db, `${id}-b`)]));
    assert.equal(Object.keys(await balances(first.db)).length, 20);
  });

  it("keeps what was written when it is closed and opened again", async () => {
    const before = await store.open<SampleSchema>(SAMPLE);
    await before.db.insertInto("accounts").values({ id: "a", email: null, balance: 7n }).execute();
    await before.close();
    const after = await store.open<SampleSchema>(SAMPLE);
    assert.deepEqual(await balances(after.db), { a: 7n });
  });

  it("finishes what was begun when it is closed", async () => {
    const before = await store.open<SampleSchema>(SAMPLE);
    const insert = (to: Kysely<SampleSchema>, id: string) =>
      to.insertInto("accounts").values({ id, email: null, balance: 1n }).execute();
    const begun = Promise.withResolvers<void>();
    const transaction = before.db.transaction().execute(async (t) => {
      await insert(t, "first");
      begun.resolve();
      for (let i = 0; i < 10; i++) await turn();
      await insert(t, "second");
    });
    await begun.promise;
    await Promise.all([transaction, before.close()]);
    await before.close();
    const after = await store.open<SampleSchema>(SAMPLE);
    assert.deepEqual(await balances(after.db), { first: 1n, second: 1n });
  });

  it("answers until it is closed", async () => {
    const { db, close } = await store.open<SampleSchema>(SAMPLE);
    const ask = () => sql`select 1`.execute(db);
    await ask();
    await close();
    await assert.rejects(ask(), { message: "driver has already been destroyed" });
  });

  it("reports each query in its caller's context", async () => {
    const caller = new AsyncLocalStorage<string>();
    const seen: [string | undefined, string][] = [];
    const { db } = await store.open<SampleSchema>({
      ...SAMPLE,
      onQuery: ({ level, query }) => void seen.push([caller.getStore(), `${level}: ${query.sql}`]),
    });
    seen.length = 0;
    const select = (table: string) => sql.raw(`select 1 from ${table}`).execute(db);
    await Promise.all([
      caller.run("one", () => select("accounts")),
      caller.run("two", () => errorOf(select("missing"))),
      caller.run("three", () => select("accounts a")),
    ]);
    assert.deepEqual(seen.sort(), [
      ["one", "query: select 1 from accounts"],
      ["three", "query: select 1 from accounts a"],
      ["two", "error: select 1 from missing"],
    ]);
  });
});
