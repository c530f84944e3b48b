// Fills a shop's databases with paid orders, in bulk, as the roles would have written them.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { orderMigrations } from "../../src/order/migrations.ts";
import { paymentMigrations } from "../../src/payment/migrations.ts";
import { openDatabase } from "../../src/storage/database.ts";

const ITEMS = JSON.stringify([
  { productId: 1, quantity: 2, unitPrice: { minorUnits: "2999", currency: "USD" } },
  { productId: 2, quantity: 1, unitPrice: { minorUnits: "4999", currency: "USD" } },
]);
/** Orders are of users 1 to 1000, one a millisecond until some time ago. */
const USERS = 1000;
const NEWEST_MS = 1_750_000_000_000;
const PAID = `'${ITEMS}', 10997, 'USD', 'tok_ok', 'paid'`;
const ORDER_COLUMNS = `id, user_id, key, fingerprint, items, minor_units, currency, payment_method, state, version,
  created_at, updated_at`;
const PAYMENT_COLUMNS = "id, key, minor_units, currency, fingerprint, state, created_at, updated_at";
const LEDGER_COLUMNS = "payment_id, account, movement, minor_units, currency, booked_at";

/** Ids ascend with i. Of payments, whose ids differ from those of orders, the last digits are others. */
const uuidOf = (hex: string, tail: string) =>
  `substr(${hex}, 1, 8) || '-' || substr(${hex}, 9, 4) || '-7000-8000-00000000000${tail}'`;

/** Fills a database of PostgreSQL that all roles share, and brings its statistics up to date. */
export async function fillPostgres(url: string, count: number): Promise<void> {
  await migrate({ url, file: "" });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const at = `${NEWEST_MS - count}::bigint + i`;
  const hex = `lpad(to_hex(${at}), 12, '0')`;
  const [orderId, paymentId] = [uuidOf(hex, "1"), uuidOf(hex, "2")];
  const rows = `from generate_series(1, ${count}) i`;
  try {
    await client.query("set synchronous_commit = off");
    await client.query("set maintenance_work_mem = '512MB'");
    await client.query("alter table orders drop constraint orders_user_key");
    await client.query("drop index orders_by_user");
    await client.query("alter table ledger_entries drop constraint ledger_entries_payment_id_fkey");
    await client.query(`insert into orders (${ORDER_COLUMNS})
      select ${orderId}, 1 + (random() * ${USERS - 1})::int, gen_random_uuid()::text, 'f', ${PAID}, 2, ${at}, ${at} ${rows}`);
    await client.query(`insert into payments (${PAYMENT_COLUMNS})
      select ${paymentId}, ${orderId}, 10997, 'USD', 'f', 'charged', ${at}, ${at} ${rows}`);
    await client.query(`insert into ledger_entries (${LEDGER_COLUMNS})
      select ${paymentId}, account, 'charge', amount, 'USD', ${at} ${rows},
      (values ('card_network', 10997), ('sales', -10997)) entry (account, amount)`);
    await client.query(`insert into sandbox_captures (key, state) select ${orderId}, 'captured' ${rows}`);
    await client.query("alter table ledger_entries add foreign key (payment_id) references payments (id)");
    // As full as they are after random inserts.
    await client.query("create unique index orders_user_key on orders (user_id, key) with (fillfactor = 70)");
    await client.query("alter table orders add constraint orders_user_key unique using index orders_user_key");
    await client.query("create index orders_by_user on orders (user_id, id) with (fillfactor = 70)");
    await client.query("vacuum analyze");
    await client.query("checkpoint");
  } finally {
    await client.end();
  }
}

/** Fills the files of the order and the payment role in a folder. */
export async function fillSqlite(folder: string, count: number): Promise<void> {
  await migrate({ file: join(folder, "order.db") }, { file: join(folder, "payment.db") });
  const at = `(${NEWEST_MS - count} + i)`;
  const hex = `printf('%012x', ${at})`;
  const [orderId, paymentId] = [uuidOf(hex, "1"), uuidOf(hex, "2")];
  const series = `with recursive series (i) as (select 1 union all select i + 1 from series where i < ${count})`;
  const key = "lower(hex(randomblob(16)))";
  fillFile(
    join(folder, "order.db"),
    `${series} insert into orders (${ORDER_COLUMNS})
      select ${orderId}, 1 + abs(random() % ${USERS}), ${key}, 'f', ${PAID}, 2, ${at}, ${at} from series`,
  );
  fillFile(
    join(folder, "payment.db"),
    `${series} insert into payments (${PAYMENT_COLUMNS})
      select ${paymentId}, ${orderId}, 10997, 'USD', 'f', 'charged', ${at}, ${at} from series`,
    `${series} insert into ledger_entries (${LEDGER_COLUMNS})
      select ${paymentId}, column1, 'charge', column2, 'USD', ${at}
      from series cross join (values ('card_network', 10997), ('sales', -10997))`,
    `${series} insert into sandbox_captures (key, state) select ${orderId}, 'captured' from series`,
  );
}

function fillFile(file: string, ...statements: string[]): void {
  const database = new DatabaseSync(file);
  database.exec("pragma synchronous = off; pragma foreign_keys = off; pragma cache_size = -2000000");
  for (const statement of statements) database.exec(statement);
  database.exec("pragma wal_checkpoint(truncate)");
  database.close();
}

type Location = { readonly url?: string; readonly file: string };

async function migrate(order: Location, payment: Location = order): Promise<void> {
  const orders = await openDatabase({ ...order, role: "order", migrations: orderMigrations });
  await orders.close();
  const payments = await openDatabase({ ...payment, role: "payment", migrations: paymentMigrations });
  await payments.close();
}
