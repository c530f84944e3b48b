// What callers see while a dependency is away, and what becomes of orders then.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { eventually } from "../support/eventually.ts";
import { ORDER, placeOrder } from "../support/orders.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

describe("a dependency that is away", () => {
  let shop: RolesShop;
  beforeEach(async () => {
    shop = await startShop();
  });
  afterEach(() => shop.close());

  const order = (key: string = randomUUID()) => placeOrder(shop.url("gateway"), ORDER, { "idempotency-key": key });
  const orders = async () => {
    const response = await fetch(`${shop.url("gateway")}/api/orders?user_id=${ORDER.user_id}`);
    return ((await response.json()) as { orders?: { status: string }[] }).orders ?? [];
  };

  it("is a 503 that tells nothing of the inside", async () => {
    await shop.stop("user");
    const response = await fetch(`${shop.url("gateway")}/api/users/123`);
    assert.equal(response.status, 503);
    const body = await response.text();
    assert.match(body, /DEPENDENCY_UNAVAILABLE/);
    assert.doesNotMatch(body, /127\.0\.0\.1|ECONNREFUSED|\bat /);
    const health = await fetch(`${shop.url("gateway")}/health`);
    assert.deepEqual([health.status, await health.text()], [200, "OK"]); // the gateway itself is well
  });

  it("writes no order while users cannot be checked", async () => {
    await shop.stop("user");
    assert.equal((await order()).status, 503);
    assert.deepEqual(await orders(), []);
  });

  it("keeps an order that could not be charged, and settles it when the payment role is back", async () => {
    await shop.stop("payment");
    const key = randomUUID();
    const failed = await order(key);
    assert.equal(failed.status, 503);
    const { message } = (await failed.json()) as { message: string };
    assert.equal(message, "shop.payment.v1.PaymentService is unavailable"); // not the order role, which told of it
    assert.deepEqual(
      (await orders()).map((o) => o.status),
      ["pending"],
    );
    await shop.start("payment");
    await eventually(async () => {
      const response = await order(key);
      assert.equal(response.status, 200);
    });
    assert.deepEqual(
      (await orders()).map((o) => o.status),
      ["created"],
    );
  });

  it("finds a restarted peer again", async () => {
    await shop.stop("user");
    assert.equal((await fetch(`${shop.url("gateway")}/api/users/1`)).status, 503);
    await shop.start("user");
    await eventually(async () => assert.equal((await fetch(`${shop.url("gateway")}/api/users/1`)).status, 200));
  });
});
