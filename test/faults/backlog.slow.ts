// Many orders that were left behind at once, as when all replicas of the order role die under load, or that cannot be settled.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
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
const OTHERS = 100;
/** What customers are told. */
const TOLD_MS = 20_000;

/** An empty database of the order role, and what it takes to start a replica there whose payment role is this. */
async function startOrders(cleanup: AsyncDisposableStack, charge: (key: string, signal: AbortSignal) => Promise<void>) {
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

describe("a thousand orders that were left behind", function () {
  this.timeout(120_000);

  it("are settled within 30 s by two replicas, though a charge takes a second, and each is worked on once", async () => {
    await using cleanup = new AsyncDisposableStack();
    const charges: string[] = [];
    const { db, startReplicas, paid } = await startOrders(cleanup, async (key) => {
      charges.push(key);
      await delay(CHARGE_MS);
    });
    await startReplicas(2);
    const began = performance.now();
    const ids = await abandonOrders(db, ORDERS);
    await paid(ORDERS, SETTLED_WITHIN_MS);
    console.log(`      settled after ${Math.round(performance.now() - began)} ms`);
    assert.deepEqual(charges.toSorted(), ids);
  });
});

describe("a thousand orders whose payment hangs each time", function () {
  this.timeout(120_000);

  it("keep no other order from being settled in time, by one replica", async () => {
    await using cleanup = new AsyncDisposableStack();
    const poison = new Set<string>();
    const hang = (signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    const { db, startReplicas, paid } = await startOrders(cleanup, async (key, signal) => {
      if (poison.has(key)) await hang(signal);
    });
    for (const id of await abandonOrders(db, ORDERS)) poison.add(id);
    await db.updateTable("orders").set({ attempts: 5, due_at: 0 }).execute();
    await startReplicas(1);
    const began = performance.now();
    await abandonOrders(db, OTHERS);
    await paid(OTHERS, TOLD_MS);
    console.log(`      ${OTHERS} others settled after ${Math.round(performance.now() - began)} ms`);
  });
});
