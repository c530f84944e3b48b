// Many orders that were left behind at once, as when all replicas of the order role die under load.
import assert from "node:assert/strict";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { orderMigrations } from "../../src/order/migrations.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { service } from "../../src/rpc/service.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { eventually } from "../support/eventually.ts";
import { abandonOrders } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { startRoleProcess } from "../support/role-process.ts";

const ORDERS = 1000;
const CHARGE_MS = 1000;
const SETTLED_WITHIN_MS = 30_000;

describe("a thousand orders that were left behind", function () {
  this.timeout(120_000);

  it("are settled within 30 s by two replicas, though a charge takes a second, and each is worked on once", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const { db, close } = await openDatabase<OrderSchema>({
      url,
      file: "",
      role: "order",
      migrations: orderMigrations,
    });
    cleanup.defer(close);
    const charges: string[] = [];
    const payments = createRpcServer({
      services: [
        service(PaymentService, {
          async charge({ idempotencyKey }) {
            charges.push(idempotencyKey);
            await new Promise((resolve) => setTimeout(resolve, CHARGE_MS));
            return {};
          },
        }),
      ],
    });
    const port = await payments.listen();
    cleanup.defer(() => payments.close());
    const env = { ROLE: "order", DATABASE_URL: url, PAYMENT_SERVICE_URL: `http://127.0.0.1:${port}` };
    for (const replica of await Promise.all([startRoleProcess(env), startRoleProcess(env)])) {
      cleanup.defer(async () => assert.equal(await replica.kill("SIGTERM"), 0));
    }

    const began = performance.now();
    const ids = await abandonOrders(db, ORDERS);
    await eventually(
      async () => {
        const states = await db.selectFrom("orders").select("state").distinct().execute();
        assert.deepEqual(states, [{ state: "paid" }]);
      },
      { timeoutMs: SETTLED_WITHIN_MS },
    );
    console.log(`      settled after ${Math.round(performance.now() - began)} ms`);
    assert.deepEqual(charges.toSorted(), ids);
  });
});
