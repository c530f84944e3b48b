// What a claim costs must not grow with the orders that are stored, nor with those that wait.
import assert from "node:assert/strict";
import { type Kysely, type LogEvent, sql } from "kysely";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { type Database, openDatabase } from "../../src/storage/database.ts";
import { createTestDatabase } from "../support/postgres.ts";

const SETTLED = 5_000_000;
const WAITING = 100_000;
const CLAIM = { limit: 64, leaseMs: 60_000 };

/** Orders in a row, the last ones pending. Other indexes than that of the claims would only take time. */
async function fill(db: Kysely<OrderSchema>): Promise<void> {
  await sql`alter table orders set unlogged`.execute(db);
  for (const constraint of ["orders_user_key", "orders_pkey"]) {
    await sql`alter table orders drop constraint ${sql.ref(constraint)}`.execute(db);
  }
  await sql`drop index orders_by_user`.execute(db);
  await sql`insert into orders (id, user_id, key, fingerprint, items, minor_units, currency, payment_method, state, version, created_at,
      updated_at)
    select lpad(i::text, 36, '0'), 1, i::text, 'f', '[]', 1, 'USD', 'tok_ok', case when i > ${SETTLED} then 'pending' else 'paid' end, 1, i, i
    from generate_series(1, ${SETTLED + WAITING}) i`.execute(db);
  await sql`alter table orders add primary key (id)`.execute(db);
  await sql`vacuum analyze orders`.execute(db);
}

describe("five million orders, of which a hundred thousand wait", function () {
  this.timeout(180_000);

  let database: Database<OrderSchema>;
  let drop: () => Promise<void>;
  const heard: LogEvent[] = [];

  before(async () => {
    const created = await createTestDatabase();
    drop = created.drop;
    const location = { url: `${created.url}?statement_timeout=150000`, file: "" };
    const onQuery = (event: LogEvent) => void heard.push(event);
    database = await openDatabase<OrderSchema>({ ...location, role: "order", migrations: orderMigrations, onQuery });
    await fill(database.db);
  });
  after(async () => {
    await database?.close();
    await drop?.();
  });

  it("are claimed by an index of those alone, in milliseconds", async () => {
    const store = sqlOrderStore(database.db);
    await store.claim(CLAIM);
    heard.length = 0;
    for (let i = 0; i < 50; i++) assert.equal((await store.claim(CLAIM)).length, CLAIM.limit);
    const times = heard.map(({ queryDurationMillis }) => queryDurationMillis).toSorted((a, b) => a - b);
    const median = times[times.length / 2]!;
    console.log(`      a claim of ${CLAIM.limit}: ${median.toFixed(1)} ms`);
    assert.ok(median < 20, `${median} ms`); // a scan takes a second

    const { sql: text } = heard[0]!.query;
    const plan = await database.db.connection().execute(async (connection) => {
      await sql`set plan_cache_mode = force_generic_plan`.execute(connection);
      await sql.raw(`prepare claim as ${text}`).execute(connection);
      const { rows } = await sql.raw<object>("explain execute claim (1, 1, 1, 1)").execute(connection);
      return rows.map((row) => Object.values(row)[0]).join("\n");
    });
    assert.match(plan, /Index Scan using orders_due/);
    assert.match(plan, /Index Scan using orders_failing/);
    assert.doesNotMatch(plan, /Seq Scan on orders/);
  });

  it("are counted by it as well", async () => {
    heard.length = 0;
    const { pending } = await sqlOrderStore(database.db).countUnsettled({ limit: 10_000, stuckAfter: 10 });
    assert.equal(pending, 10_000);
    assert.ok(heard[0]!.queryDurationMillis < 200, `${heard[0]!.queryDurationMillis} ms`);
  });
});
