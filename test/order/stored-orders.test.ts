// Orders as another version of the role may have stored them.
import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { orderMigrations } from "../../src/order/migrations.ts";
import { createOrderFeed } from "../../src/order/order-feed.ts";
import type { OrderSchema } from "../../src/order/order-rows.ts";
import { orderService } from "../../src/order/order-service.ts";
import { sqlOrderStore } from "../../src/order/order-store.ts";
import { createSaga } from "../../src/order/saga.ts";
import { reasonOf } from "../../src/rpc/outcomes.ts";
import { ORDER_ITEMS } from "../support/orders.ts";
import { failureOf } from "../support/outcomes.ts";
import { eachDatabase } from "../support/stores.ts";

eachDatabase((database) => {
  describe("an order that was stored by another version", () => {
    it("is told as one of a declined card if it was rejected for a reason that this version does not know", async () => {
      const { db } = await database.open<OrderSchema>({ role: "order", migrations: orderMigrations });
      const store = sqlOrderStore(db);
      const saga = createSaga({
        store,
        users: { exists: async () => true },
        payments: { charge: async () => ({ kind: "declined", reason: "INSUFFICIENT_FUNDS" }), refund: async () => {} },
        newId: randomUUIDv7,
      });
      const transport = createRouterTransport(({ service }) =>
        service(OrderService, orderService(saga, store, createOrderFeed({ store }))),
      );
      const orders = createClient(OrderService, transport);
      const request = { idempotencyKey: "k", userId: 1, items: ORDER_ITEMS, paymentMethod: "tok_ok" };
      assert.equal(reasonOf(await failureOf(orders.createOrder(request))), "INSUFFICIENT_FUNDS");
      for (const stored of ["CARD_EXPIRED", "toString", null]) {
        await db.updateTable("orders").set({ reject_reason: stored }).execute();
        const failure = await failureOf(orders.createOrder(request));
        assert.deepEqual(
          [failure.code, failure.rawMessage, reasonOf(failure)],
          [Code.FailedPrecondition, "the card was declined", "CARD_DECLINED"],
        );
      }
    });
  });
});
