// WatchOrder, at the role as it runs.
import assert from "node:assert/strict";
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { type Order, OrderState } from "../../gen/shop/order/v1/order_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { reasonOf } from "../../src/rpc/outcomes.ts";
import { ORDER_ITEMS } from "../support/orders.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

/** How often a watch looks for changes of other replicas. */
const LOOKS_EVERY_MS = 1000;

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
    // The change comes right after a look, so that whoever waited for the next one would hear of it that much later, each time.
    assert.ok(Math.min(...delays) < LOOKS_EVERY_MS / 2, `${delays}`);
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
