// The contract with people who use the shop by curl: paths, bodies and statuses.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Code, createClient } from "@connectrpc/connect";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { PaymentState } from "../../gen/shop/payment/v1/payment_pb.js";
import { PaymentService } from "../../gen/shop/payment/v1/payment_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { CREATED, ITEMS, ORDER, placeOrder } from "../support/orders.ts";
import { failureOf } from "../support/outcomes.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

describe("the shop over REST", () => {
  let shop: RolesShop;
  before(async () => {
    shop = await startShop();
  });
  after(() => shop.close());

  const get = async (path: string) => answer(await fetch(shop.url("gateway") + path));
  const place = async (order: unknown, headers?: Record<string, string>) =>
    answer(await placeOrder(shop.url("gateway"), order, headers));
  const cancel = async (id: string) =>
    answer(await fetch(`${shop.url("gateway")}/api/orders/${id}:cancel`, { method: "POST" }));

  async function payment(orderId: string) {
    const transport = createGrpcTransport({ target: new URL(shop.url("payment")).host });
    try {
      const found = await createClient(PaymentService, transport).getPayment({ idempotencyKey: orderId });
      return { amount: found.payment?.amount?.minorUnits, state: found.payment?.state };
    } finally {
      transport.close();
    }
  }

  it("tells its health", async () => {
    const response = await fetch(`${shop.url("gateway")}/health`);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "OK");
  });

  it("returns a demo user, to the letter", async () => {
    const response = await fetch(`${shop.url("gateway")}/api/users/123`);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '{"id":123,"name":"User 123","email":"user123@example.com"}');
  });

  it("creates and charges an order", async () => {
    const { status, body } = await place(ORDER);
    assert.equal(status, 200);
    const { order_id, ...rest } = body;
    assert.deepEqual(rest, CREATED);
    assert.deepEqual(await payment(order_id), { amount: 10_997n, state: PaymentState.CHARGED });
  });

  it("returns, lists and cancels an order", async () => {
    const { body: created } = await place({ user_id: 77, items: ITEMS, currency: "EUR" });
    const order = await get(`/api/orders/${created.order_id}`);
    assert.equal(order.status, 200);
    const { create_time, update_time, ...rest } = order.body;
    assert.ok(Date.parse(create_time) <= Date.parse(update_time));
    assert.deepEqual(rest, {
      order_id: created.order_id,
      user_id: 77,
      status: "created",
      items: [
        { product_id: 1, quantity: 2, unit_price: { minor_units: "2999", currency: "EUR" } },
        { product_id: 2, quantity: 1, unit_price: { minor_units: "4999", currency: "EUR" } },
      ],
      total: { minor_units: "10997", currency: "EUR" },
    });

    const { body: second } = await place({ user_id: 77, items: ITEMS });
    const first = await get("/api/orders?user_id=77&page_size=1");
    assert.deepEqual(first.body.orders.map(idOf), [second.order_id]);
    const next = await get(`/api/orders?user_id=77&page_size=1&page_token=${first.body.next_page_token}`);
    assert.deepEqual(next.body.orders.map(idOf), [created.order_id]);
    assert.equal(next.body.next_page_token, undefined);

    for (let i = 0; i < 2; i++) {
      const cancelled = await cancel(created.order_id);
      assert.equal(cancelled.status, 200);
      assert.equal(cancelled.body.status, "cancelled");
    }
    assert.deepEqual(await payment(created.order_id), { amount: 10_997n, state: PaymentState.REFUNDED });
  });

  it("creates one order for one key, from the header or the field, and names the key in every answer", async () => {
    const key = randomUUID();
    const order = { user_id: 5, items: ITEMS };
    const byHeader = await place(order, { "idempotency-key": key });
    const byField = await place({ ...order, idempotency_key: key });
    assert.equal(byHeader.body.order_id, byField.body.order_id);
    assert.equal(byHeader.headers.get("idempotency-key"), key);
    const fresh = await place(order);
    assert.notEqual(fresh.body.order_id, byHeader.body.order_id);
    const again = await place(order, { "idempotency-key": fresh.headers.get("idempotency-key")! });
    assert.equal(again.body.order_id, fresh.body.order_id);

    const reused = await place({ user_id: 5, items: [ITEMS[0]] }, { "idempotency-key": key });
    assert.equal(reused.status, 409);
    assert.equal(reasonIn(reused.body), "IDEMPOTENCY_KEY_REUSED");
    const both = await place({ ...order, idempotency_key: "a" }, { "idempotency-key": "b" });
    assert.equal(both.status, 400);
    assert.match(both.body.message, /idempotency_key/);
  });

  it("names the key to gRPC callers too, also when the order is refused", async () => {
    const transport = createGrpcTransport({ target: new URL(shop.url("gateway")).host });
    try {
      const client = createClient(ShopService, transport);
      const items = [{ productId: 1, quantity: 1, price: 1.5 }];
      let key: string | null = null;
      await client.createOrder({ userId: 6, items }, { onHeader: (header) => (key = header.get("idempotency-key")) });
      assert.match(key ?? "", /^[0-9a-f-]{36}$/);
      const refused = await failureOf(client.createOrder({ userId: 6, items, paymentMethod: "tok_declined" }));
      assert.equal(refused.code, Code.FailedPrecondition);
      assert.match(refused.metadata.get("idempotency-key") ?? "", /^[0-9a-f-]{36}$/);
    } finally {
      transport.close();
    }
  });

  for (const [name, over, status, reason] of [
    ["an unknown user", { user_id: 999_999 }, 400, "USER_UNKNOWN"],
    ["a declined card", { payment_method: "tok_declined" }, 402, "CARD_DECLINED"],
    ["a card without funds", { payment_method: "tok_insufficient_funds" }, 402, "INSUFFICIENT_FUNDS"],
  ] as const) {
    it(`answers ${status} to an order with ${name}`, async () => {
      const refused = await place({ ...ORDER, ...over });
      assert.equal(refused.status, status);
      assert.equal(reasonIn(refused.body), reason);
      assert.ok(refused.headers.get("idempotency-key"));
    });
  }

  it("answers 404 to what does not exist", async () => {
    const user = await get("/api/users/999999");
    assert.deepEqual([user.status, user.body.code, reasonIn(user.body)], [404, 5, "USER_NOT_FOUND"]);
    const order = await get(`/api/orders/${randomUUID()}`);
    assert.deepEqual([order.status, reasonIn(order.body)], [404, "ORDER_NOT_FOUND"]);
    assert.equal((await get("/api/nothing")).status, 404);
  });

  it("answers 400 to a bad body and names every field", async () => {
    const items = [
      { product_id: 0, quantity: 0, price: -1 },
      { product_id: 1, quantity: 1, price: 1 },
    ];
    const { status, body } = await place({ user_id: 0, items, currency: "XXX", payment_method: "4111" });
    assert.equal(status, 400);
    assert.deepEqual(fieldsIn(body), [
      "currency",
      "items[0].price",
      "items[0].product_id",
      "items[0].quantity",
      "payment_method",
      "user_id",
    ]);
    for (const field of fieldsIn(body)) assert.ok(body.message.includes(field));
  });

  for (const [name, body, field] of [
    ["three decimals", { user_id: 1, items: [{ product_id: 1, quantity: 1, price: 29.999 }] }, "items[0].price"],
    ["an item for nothing", { user_id: 1, items: [{ product_id: 1, quantity: 1, price: 0 }] }, "items[0].price"],
    ["an item without a price", { user_id: 1, items: [{ product_id: 1, quantity: 1 }] }, "items[0].price"],
    ["a word for a number", { user_id: "abc", items: ITEMS }, "user_id"],
    ["no items", { user_id: 1 }, "items"],
    ["an unknown field", { user_id: 1, items: ITEMS, colour: "red" }, "colour"],
  ] as const) {
    it(`answers 400 to ${name} and names ${field}`, async () => {
      const bad = await place(body);
      assert.equal(bad.status, 400);
      assert.deepEqual(fieldsIn(bad.body), [field]);
    });
  }

  it("answers 400 to what is no JSON, 405 to a wrong method", async () => {
    assert.equal((await place("{nope")).status, 400);
    assert.equal((await fetch(`${shop.url("gateway")}/api/orders`, { method: "DELETE" })).status, 405);
  });
});

type Detail = { "@type": string; reason?: string; field_violations?: { field: string }[] };
type Body = {
  code: number;
  message: string;
  details: Detail[];
  order_id: string;
  status: string;
  create_time: string;
  update_time: string;
  orders: Body[];
  next_page_token: string;
};
type Answer = { status: number; headers: Headers; body: Body };

async function answer(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

const idOf = (order: Body): string | undefined => order.order_id;

const reasonIn = (body: Body) => body.details.find((d) => d["@type"].endsWith("google.rpc.ErrorInfo"))?.reason;

const fieldsIn = (body: Body): string[] =>
  (body.details.find((d) => d["@type"].endsWith("google.rpc.BadRequest"))?.field_violations ?? [])
    .map((violation) => violation.field)
    .sort();
