// Many orders that were left behind at once, as when all replicas of the order role die under load.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { abandonOrders } from "../support/orders.ts";
import { startOrders } from "./backlog/orders.ts";

const ORDERS = 1000;
const CHARGE_MS = 1000;
const SETTLED_WITHIN_MS = 30_000;

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
