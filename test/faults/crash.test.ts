// kill -9 in the middle of a charge: the payment role has taken the money, the order role died before it knew.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { OrderState } from "../../gen/shop/order/v1/order_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { PaymentState } from "../../gen/shop/payment/v1/payment_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { ORDER_ITEMS } from "../support/orders.ts";
import { startRoleProcess } from "../support/role-process.ts";
import { startShop } from "../support/shop.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

describe("an order role that is killed during a charge", () => {
  it("settles the order when it starts again, with one charge", async () => {
    await using cleanup = new AsyncDisposableStack();
    const shop = await startShop();
    cleanup.defer(() => shop.close());
    const proxy = await startStallingProxy(Number(new URL(shop.url("payment")).port));
    cleanup.defer(() => proxy.close());
    const folder = await mkdtemp(join(tmpdir(), "crash-"));
    cleanup.defer(() => rm(folder, { recursive: true, force: true }));
    const env = {
      ROLE: "order",
      DATA_DIR: folder,
      USER_SERVICE_URL: shop.url("user"),
      PAYMENT_SERVICE_URL: `http://127.0.0.1:${proxy.port}`,
      RECOVERY_INTERVAL_MS: "200",
      RECOVERY_REST_MS: "500",
    };
    const payments = createClient(PaymentService, transportTo(new URL(shop.url("payment")).host));

    const first = await startRoleProcess(env);
    cleanup.defer(() => void first.kill("SIGKILL"));
    const orders = createClient(OrderService, transportTo(`127.0.0.1:${first.port}`));
    const request = { idempotencyKey: randomUUID(), userId: 1, items: ORDER_ITEMS, paymentMethod: "tok_ok" };
    await orders.createOrder({ ...request, userId: 2 }); // the connection to the payment role stands from here on
    proxy.stall();
    const lost = assert.rejects(orders.createOrder(request, { timeoutMs: 10_000 }));
    const orderId = await eventually(async () => {
      const [order] = (await orders.listOrders({ userId: 1 })).orders;
      const { payment } = await payments.getPayment({ idempotencyKey: order!.id });
      assert.equal(payment?.state, PaymentState.CHARGED);
      return order!.id;
    });
    assert.equal(await first.kill("SIGKILL"), null);
    await lost;
    proxy.resume();

    const second = await startRoleProcess(env);
    cleanup.defer(async () => assert.equal(await second.kill("SIGTERM"), 0));
    const again = createClient(OrderService, transportTo(`127.0.0.1:${second.port}`));
    await eventually(async () => {
      assert.equal((await again.getOrder({ id: orderId })).order?.state, OrderState.PAID);
    });
    const repeated = await again.createOrder(request);
    assert.equal(repeated.order?.id, orderId);
    const { payment } = await payments.getPayment({ idempotencyKey: orderId });
    assert.equal(payment?.amount?.minorUnits, 10_997n);

    function transportTo(target: string) {
      const transport = createGrpcTransport({ target });
      cleanup.defer(() => transport.close());
      return transport;
    }
  });
});
