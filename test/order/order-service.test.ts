// What the order role answers its callers.
import assert from "node:assert/strict";
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { type Client, Code, type ConnectError, createClient } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { OrderState } from "../../gen/shop/order/v1/order_pb.js";
import { OrderService } from "../../gen/shop/order/v1/order_service_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { createGrpcTransport, type GrpcTransport } from "../../src/rpc/client/transport.ts";
import { encodePageToken } from "../../src/rpc/page-token.ts";
import { eventually } from "../support/eventually.ts";
import { ORDER_ITEMS } from "../support/orders.ts";
import { failureOf } from "../support/outcomes.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

const request = (userId: number, paymentMethod = "tok_ok", idempotencyKey: string = randomUUID()) => ({
  idempotencyKey,
  userId,
  items: ORDER_ITEMS,
  paymentMethod,
});

describe("order role", () => {
  let shop: RolesShop;
  let transports: GrpcTransport[];
  let orders: Client<typeof OrderService>;
  let payments: Client<typeof PaymentService>;
  before(async () => {
    shop = await startShop();
    const [order, payment] = (["order", "payment"] as const).map((role) =>
      createGrpcTransport({ target: new URL(shop.url(role)).host }),
    );
    transports = [order!, payment!];
    orders = createClient(OrderService, order!);
    payments = createClient(PaymentService, payment!);
  });
  after(async () => {
    for (const transport of transports ?? []) transport.close();
    await shop?.close();
  });

  const infoOf = (failure: ConnectError) => {
    const [info] = failure.findDetails(ErrorInfoSchema);
    return { code: failure.code, message: failure.rawMessage, reason: info?.reason, metadata: info?.metadata };
  };
  const ordered = async (userId: number) => {
    const { order } = await orders.createOrder(request(userId));
    assert.ok(order);
    return order;
  };

  it("takes an order and tells all of it, each time alike, and cancels it", async () => {
    const begun = Date.now();
    const order = await ordered(1);
    const { id, items, total, createTime, updateTime, $typeName: _, ...rest } = order;
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.deepEqual(rest, { userId: 1, state: OrderState.PAID, rejectReason: "" });
    assert.deepEqual(
      items.map((i) => [i.productId, i.quantity, i.unitPrice?.minorUnits, i.unitPrice?.currency]),
      ORDER_ITEMS.map((i) => [i.productId, i.quantity, i.unitPrice.minorUnits, i.unitPrice.currency]),
    );
    assert.deepEqual([total?.minorUnits, total?.currency], [10_997n, "USD"]);
    for (const time of [createTime, updateTime]) assert.ok(Number(time?.seconds) >= Math.floor(begun / 1000));
    assert.deepEqual((await orders.getOrder({ id })).order, order);
    for (let i = 0; i < 2; i++) {
      const cancelled = (await orders.cancelOrder({ id })).order;
      assert.deepEqual([cancelled?.id, cancelled?.state], [id, OrderState.CANCELLED]);
    }
  });

  for (const [card, reason, message] of [
    ["tok_declined", "CARD_DECLINED", "the card was declined"],
    ["tok_insufficient_funds", "INSUFFICIENT_FUNDS", "the card has insufficient funds"],
  ] as const) {
    it(`rejects an order whose payment ends in ${reason}, and keeps it`, async () => {
      const refused = request(2, card);
      const failure = await failureOf(orders.createOrder(refused));
      const { orders: kept } = await orders.listOrders({ userId: 2, pageSize: 1 });
      const id = kept[0]?.id ?? "";
      assert.deepEqual([kept[0]?.state, kept[0]?.rejectReason], [OrderState.REJECTED, reason]);
      assert.deepEqual(infoOf(failure), { code: Code.FailedPrecondition, message, reason, metadata: { order_id: id } });
      assert.deepEqual(infoOf(await failureOf(orders.createOrder(refused))), infoOf(failure));
      assert.deepEqual(infoOf(await failureOf(orders.cancelOrder({ id }))), {
        code: Code.FailedPrecondition,
        message: "a rejected order cannot be cancelled",
        reason: "ORDER_NOT_CANCELLABLE",
        metadata: { order_id: id },
      });
    });
  }

  it("takes no order of a user who is not there, and no key with other content", async () => {
    const userId = 4_000_000_000;
    assert.deepEqual(infoOf(await failureOf(orders.createOrder(request(userId)))), {
      code: Code.FailedPrecondition,
      message: `user_id: there is no user ${userId}`,
      reason: "USER_UNKNOWN",
      metadata: { user_id: String(userId) },
    });
    const first = request(1);
    await orders.createOrder(first);
    const other = { ...first, items: ORDER_ITEMS.slice(1) };
    assert.deepEqual(infoOf(await failureOf(orders.createOrder(other))), {
      code: Code.AlreadyExists,
      message: "the key was used for an order with other content",
      reason: "IDEMPOTENCY_KEY_REUSED",
      metadata: {},
    });
  });

  it("takes totals from the smallest amount to the largest, and none beyond", async () => {
    const MOST = 1_000_000_000_000n;
    const totalling = (minorUnits: bigint, quantity = 1) => ({
      ...request(1),
      items: [{ productId: 1, quantity, unitPrice: { minorUnits, currency: "USD" } }],
    });
    for (const total of [1n, MOST]) {
      assert.equal((await orders.createOrder(totalling(total))).order?.total?.minorUnits, total);
    }
    for (const [bad, description] of [
      [totalling(0n), "the total must be more than 0"],
      [totalling(MOST / 2n + 1n, 2), "the total is too large"],
    ] as const) {
      const failure = await failureOf(orders.createOrder(bad));
      const { code, reason } = infoOf(failure);
      assert.deepEqual([code, reason], [Code.InvalidArgument, "ORDER_TOTAL_OUT_OF_RANGE"]);
      const violations = failure.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
      assert.deepEqual(
        violations.map((violation) => [violation.field, violation.description]),
        [["items", description]],
      );
    }
  });

  it("lists twenty orders a page unless told otherwise, and names a next page only if there is one", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 21; i++) ids.unshift((await ordered(3)).id);
    const first = await orders.listOrders({ userId: 3 });
    const second = await orders.listOrders({ userId: 3, pageToken: first.nextPageToken });
    const found = [first, second].map((page) => page.orders.map(({ id }) => id));
    assert.deepEqual(found, [ids.slice(0, 20), ids.slice(20)]);
    assert.equal(second.nextPageToken, "");
    assert.equal((await orders.listOrders({ userId: 3, pageSize: 21 })).nextPageToken, "");
  });

  it("takes no page token of what is no order's id", async () => {
    const id = randomUUIDv7();
    for (const cursor of [`0${id}`, `${id}0`, id.slice(1)]) {
      const failure = await failureOf(orders.listOrders({ userId: 3, pageToken: encodePageToken(cursor) }));
      const { code, reason } = infoOf(failure);
      assert.deepEqual([code, reason], [Code.InvalidArgument, "INVALID_PAGE_TOKEN"]);
    }
  });

  it("does not find what is not there", async () => {
    const id = randomUUIDv7();
    for (const call of [orders.getOrder({ id }), orders.cancelOrder({ id })]) {
      assert.deepEqual(infoOf(await failureOf(call)), {
        code: Code.NotFound,
        message: `there is no order ${id}`,
        reason: "ORDER_NOT_FOUND",
        metadata: { order_id: id },
      });
    }
  });

  it("cancels an order whose key was voided at the payment role before it was charged", async () => {
    await shop.stop("payment");
    const cut = request(4);
    assert.equal((await failureOf(orders.createOrder(cut, { timeoutMs: 10_000 }))).code, Code.Unavailable);
    const [pending] = (await orders.listOrders({ userId: 4 })).orders;
    assert.equal(pending?.state, OrderState.PENDING);
    await shop.start("payment");
    // Connections to the payment role come back when they have waited long enough.
    await eventually(() => payments.refund({ idempotencyKey: pending.id }));
    const { order } = await eventually(() => orders.createOrder(cut));
    assert.deepEqual([order?.id, order?.state], [pending.id, OrderState.CANCELLED]);
  });
});
