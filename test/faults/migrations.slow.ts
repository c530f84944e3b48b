// The schema of a large table changes while replicas of the version before go on writing to it.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import pg from "pg";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { createTestDatabase } from "../support/postgres.ts";

const ORDERS = 500_000;
/** Of the time that all of it takes, for however long a busy machine holds up one of hundreds of writes; a lock would take most of it. */
const LONGEST_SHARE = 1 / 3;

/** As the first version wrote them. */
const INSERT = `insert into orders (id, user_id, key, fingerprint, items, minor_units, currency, payment_method, state, version, created_at,
  updated_at) select lpad(i::text, 36, '0'), 1, i::text, 'f', repeat('x', 400), 1, 'USD', 'tok_ok', 'paid', 1, i, i`;

describe(`${ORDERS} orders of the first version`, function () {
  this.timeout(120_000);

  it("are written to while two replicas of this one migrate them", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const open = async (migrations: typeof orderMigrations) => {
      const database = await openDatabase<OrderSchema>({ url, file: "", role: "order", migrations });
      cleanup.defer(database.close);
      return database.db;
    };
    await open({ "001_orders": orderMigrations["001_orders"]! });
    const writer = new pg.Client({ connectionString: url });
    await writer.connect();
    cleanup.defer(() => writer.end());
    await writer.query(`${INSERT} from generate_series(1, ${ORDERS}) i`);

    const writes: number[] = [];
    let migrating = true;
    const write = async () => {
      for (let i = ORDERS + 1; migrating; i++) {
        const began = performance.now();
        await writer.query(`${INSERT} from (select ${i}) number (i)`);
        await writer.query("update orders set state = 'cancelling', version = 2 where id = lpad($1::text, 36, '0')", [
          i,
        ]);
        writes.push(performance.now() - began);
        await delay(1);
      }
    };
    const writing = write();
    const began = performance.now();
    const [db] = await Promise.all([open(orderMigrations), open(orderMigrations)]);
    const took = performance.now() - began;
    migrating = false;
    await writing;
    const longest = Math.max(...writes);
    console.log(
      `      migrated in ${Math.round(took)} ms; ${writes.length} writes meanwhile, the longest of ${Math.round(longest)} ms`,
    );
    assert.ok(longest < LONGEST_SHARE * took, `${longest} of ${took} ms`);
    const { rows } = await sql`select indexrelid::regclass::text as name, indisvalid as valid from pg_index
      where indrelid = 'orders'::regclass and not indisunique order by 1`.execute(db);
    assert.deepEqual(
      rows,
      ["orders_by_user", "orders_due", "orders_failing"].map((name) => ({ name, valid: true })),
    );
  });
});
