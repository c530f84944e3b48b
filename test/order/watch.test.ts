// WatchOrder, at the role as it runs.
import assert from "node:assert/strict";
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { type Client, Code, createClient } from "@connectrpc/connect";
import pg from "pg";
import { createLogger } from "winston";
import { type Order, OrderState } from "../../gen/shop/order/v1/order_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { startApp } from "../../src/app.ts";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { reasonOf } from "../../src/rpc/outcomes.ts";
import { readSettings } from "../../src/settings.ts";
import { eventually } from "../support/eventually.ts";
import { ORDER_ITEMS } from "../support/orders.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

describe("WatchOrder", () => {
  let shop: RolesShop;
  let transport: GrpcTransport;
  let orders: Client<typeof OrderService>;
  beforeEach(async () => {
    shop = await startShop({ DRAIN_TIMEOUT_MS: "60000" }); // a watch that held up the drain would hold up the test
    transport = createGrpcTransport({ target: new URL(shop.url("order")).host });
    orders = createClient(OrderService, transport);
  });
  afterEach(async () => {
    transport.close();
    await shop.close();
  });

  async function placed(): Promise<Order> {
    const request = { idempotencyKey: randomUUID(), userId: 1, items: ORDER_ITEMS, paymentMethod: "tok_ok" };
    const { order } = await orders.createOrder(request);
    assert.ok(order);
    return order;
  }

  it("tells the order, and each change at once, until the last", async () => {
    const delays: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { id } = await placed();
      const states: OrderState[] = [];
      let changedAt = 0;
      for await (const { order } of orders.watchOrder({ id })) {
        states.push(order!.state);
        if (order?.state === OrderState.PAID) {
          await orders.cancelOrder({ id });
          changedAt = performance.now();
        }
      }
      delays.push(performance.now() - changedAt);
      assert.deepEqual([states[0], states.at(-1)], [OrderState.PAID, OrderState.CANCELLED]);
    }
    assert.ok(Math.min(...delays) < 500, `${delays}`); // whoever waited for the next look would hear of it seconds later
  });

  it("refuses an order that is not there", async () => {
    const failure = await failureOf(countOf(orders.watchOrder({ id: randomUUIDv7() })));
    assert.deepEqual([failure.code, reasonOf(failure)], [Code.NotFound, "ORDER_NOT_FOUND"]);
  });

  it("sends its watchers elsewhere when the role drains", async () => {
    const { id } = await placed();
    let stopped: Promise<void> | undefined;
    const watching = countOf(orders.watchOrder({ id }), () => {
      stopped = shop.stop("order");
    });
    assert.equal((await failureOf(watching)).code, Code.Unavailable);
    await stopped;
  });
});

describe("WatchOrder with two replicas on one PostgreSQL", () => {
  it("tells at once what was changed at the other", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const others = await startShop({ DATABASE_URL: url });
    cleanup.defer(() => others.close());
    const settings = readSettings({
      ROLE: "order",
      PORT: "0",
      DATABASE_URL: url,
      DRAIN_IDLE_MS: "0",
      USER_SERVICE_URL: others.url("user"),
      PAYMENT_SERVICE_URL: others.url("payment"),
    });
    const second = await startApp(settings, createLogger({ silent: true }));
    cleanup.defer(() => second.stop());
    const [here, there] = [new URL(others.url("order")).host, `127.0.0.1:${second.port}`].map((target) => {
      const transport = createGrpcTransport({ target });
      cleanup.defer(() => transport.close());
      return createClient(OrderService, transport);
    });
    const { order } = await here!.createOrder({
      idempotencyKey: randomUUID(),
      userId: 1,
      items: ORDER_ITEMS,
      paymentMethod: "tok_ok",
    });
    const states: OrderState[] = [];
    let changedAt = 0;
    for await (const { order: told } of there!.watchOrder({ id: order!.id })) {
      states.push(told!.state);
      if (told?.state !== OrderState.PAID) continue;
      // Notifications arrive once the replica's connection for them stands, which nobody waits for.
      await eventually(() => listeners(url, 2));
      changedAt = performance.now();
      await here!.cancelOrder({ id: order!.id });
    }
    assert.deepEqual([states[0], states.at(-1)], [OrderState.PAID, OrderState.CANCELLED]);
    assert.ok(performance.now() - changedAt < 1000, `${performance.now() - changedAt} ms`); // the next look is seconds away
  });
});

/** Throws unless so many processes listen for changes. */
async function listeners(url: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select 1 from pg_stat_activity where datname = current_database() and application_name = 'order-feed'
        and query like '%pg_notify%' and state = 'idle'`,
    );
    assert.equal(rows.length, count);
  } finally {
    await client.end();
  }
}
