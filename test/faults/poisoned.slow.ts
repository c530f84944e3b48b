// Many orders that cannot be settled, and others that can.
import { abandonOrders } from "../support/orders.ts";
import { startOrders } from "./backlog/orders.ts";

const ORDERS = 1000;
const OTHERS = 100;
/** What customers are told. */
const TOLD_MS = 20_000;

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
