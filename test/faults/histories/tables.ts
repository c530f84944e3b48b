import { join } from "node:path";
import { orderMigrations } from "../../../src/order/migrations.ts";
import type { OrderSchema } from "../../../src/order/order-rows.ts";
import { paymentMigrations } from "../../../src/payment/migrations.ts";
import type { PaymentSchema } from "../../../src/payment/payment-store.ts";
import type { SandboxSchema } from "../../../src/payment/sandbox-card-network.ts";
import { openDatabase } from "../../../src/storage/database.ts";

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
