// Replicas of the order role, with a payment role that does what a test says.
import assert from "node:assert/strict";
import { PaymentService } from "../../../gen/shop/payment/v1/payment_service_pb.js";
import { orderMigrations } from "../../../src/order/migrations.ts";
import type { OrderSchema } from "../../../src/order/order-rows.ts";
import { createRpcServer } from "../../../src/rpc/server/server.ts";
import { service } from "../../../src/rpc/service.ts";
import { openDatabase } from "../../../src/storage/database.ts";
import { eventually } from "../../support/eventually.ts";
import { createTestDatabase } from "../../support/postgres.ts";
import { startRoleProcess } from "../../support/role-process.ts";

/** An empty database of the order role, and what it takes to start a replica there whose payment role is this. */
export async function startOrders(
  cleanup: AsyncDisposableStack,
  charge: (key: string, signal: AbortSignal) => Promise<void>,
) {
  const { url, drop } = await createTestDatabase();
  cleanup.defer(drop);
  const { db, close } = await openDatabase<OrderSchema>({ url, file: "", role: "order", migrations: orderMigrations });
  cleanup.defer(close);
  const payments = createRpcServer({
    services: [
      service(PaymentService, {
        async charge({ idempotencyKey }, { signal }) {
          await charge(idempotencyKey, signal);
          return {};
        },
      }),
    ],
  });
  const port = await payments.listen();
  cleanup.defer(() => payments.close());
  const env = { ROLE: "order", DATABASE_URL: url, PAYMENT_SERVICE_URL: `http://127.0.0.1:${port}` };
  return {
    db,
    async startReplicas(count: number) {
      const replicas = await Promise.all(Array.from({ length: count }, () => startRoleProcess(env)));
      for (const replica of replicas) cleanup.defer(async () => assert.equal(await replica.kill("SIGTERM"), 0));
    },
    /** Until so many orders are paid. */
    async paid(count: number, timeoutMs: number) {
      await eventually(
        async () => {
          const paid = await db.selectFrom("orders").select("id").where("state", "=", "paid").execute();
          assert.equal(paid.length, count);
        },
        { timeoutMs },
      );
    },
  };
}
