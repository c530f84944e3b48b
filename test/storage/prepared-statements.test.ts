import assert from "node:assert/strict";
import { type Kysely, sql } from "kysely";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { type Database, openDatabase } from "../../src/storage/database.ts";
import { anOrder } from "../support/orders.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

describe("statements on PostgreSQL", () => {
  let database: TestDatabase;
  const opened: Database<OrderSchema>[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
    await database.drop();
  });

  /** With one connection, so that it is the one that is asked about. */
  async function open(parameters = ""): Promise<Kysely<OrderSchema>> {
    const url = `${database.url}${parameters}`;
    const each = await openDatabase<OrderSchema>({
      url,
      file: "",
      role: "order",
      migrations: orderMigrations,
      poolMax: 1,
    });
    opened.push(each);
    return each.db;
  }

  async function prepared(db: Kysely<OrderSchema>): Promise<string[]> {
    const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db);
    return rows.map(({ statement }) => statement);
  }

  it("are prepared once, whatever their values are", async () => {
    const db = await open();
    const store = sqlOrderStore(db);
    for (const order of [anOrder(), anOrder(), anOrder()]) {
      await store.insert(order, { key: order.id, fingerprint: "f" });
      assert.deepEqual(await store.get(order.id), order);
    }
    const texts = await prepared(db);
    assert.deepEqual(texts.map((text) => text.slice(0, 6)).sort(), ["insert", "select"]);
  });

  it("are not, if the URL forbids it", async () => {
    const db = await open("?prepared_statements=off");
    await sqlOrderStore(db).get(anOrder().id);
    assert.deepEqual(await prepared(db), []);
  });

  it("are not when there are so many that lists of any length must have made them", async () => {
    const db = await open();
    for (let length = 1; length <= 205; length++) {
      const ids = Array.from({ length }, (_, i) => String(i));
      await db.selectFrom("orders").select("id").where("id", "in", ids).execute();
    }
    assert.equal((await prepared(db)).length, 200);
  });

  it("of stores survive a column that another replica adds", async () => {
    const store = sqlOrderStore(await open());
    const order = anOrder();
    await store.insert(order, { key: "k", fingerprint: "f" });
    assert.deepEqual(await store.get(order.id), order);
    await sql`alter table orders add column colour text`.execute(await open());
    assert.deepEqual(await store.get(order.id), order);
    assert.deepEqual((await store.findByKey(order.userId, "k"))?.order, order);
  });
});
