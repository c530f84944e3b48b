import { join } from "node:path";
import { orderMigrations } from "../../../src/order/migrations.ts";
import type { OrderSchema } from "../../../src/order/order-rows.ts";
import { paymentMigrations } from "../../../src/payment/migrations.ts";
import type { PaymentSchema } from "../../../src/payment/payment-store.ts";
import type { SandboxSchema } from "../../../src/payment/sandbox-card-network.ts";
import { openDatabase } from "../../../src/storage/database.ts";
import type { Tables } from "./history.ts";

/** The tables of a shop that runs with these settings, beside it. */
export async function openBooks({ DATABASE_URL: url, DATA_DIR: folder = "" }: NodeJS.ProcessEnv) {
  const at = (role: string) => ({ url, file: join(folder, `${role}.db`), role });
  const orders = await openDatabase<OrderSchema>({ ...at("order"), migrations: orderMigrations });
  const payments = await openDatabase<PaymentSchema & SandboxSchema>({
    ...at("payment"),
    migrations: paymentMigrations,
  });
  return {
    orders: orders.db,
    payments: payments.db,
    async [Symbol.asyncDispose]() {
      await orders.close();
      await payments.close();
    },
  };
}

/** What the tables hold, for the checker. */
export async function tablesOf({ orders, payments }: Awaited<ReturnType<typeof openBooks>>): Promise<Tables> {
  const captures = await payments.selectFrom("sandbox_captures").selectAll().execute();
  const captureOf = new Map(captures.map(({ key, state }) => [key, state]));
  const entries = await payments.selectFrom("ledger_entries").selectAll().orderBy("movement").execute();
  const salesOf = Map.groupBy(
    entries.filter(({ account }) => account === "sales"),
    ({ payment_id: id }) => id,
  );
  return {
    orders: (await orders.selectFrom("orders").selectAll().execute()).map((order) => ({
      id: order.id,
      key: order.key,
      state: order.state,
      amount: String(order.minor_units),
      card: order.payment_method,
    })),
    payments: (await payments.selectFrom("payments").selectAll().execute()).map(({ id, key, state }) => ({
      key,
      state,
      sales: (salesOf.get(id) ?? []).map((entry) => String(entry.minor_units)),
      capture: captureOf.get(key) ?? "none",
    })),
    balance: String(entries.reduce((sum, entry) => sum + entry.minor_units, 0n)),
  };
}
