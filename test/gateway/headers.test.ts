// What every answer over REST tells a browser about itself.
import assert from "node:assert/strict";
import { placeOrder } from "../support/orders.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

const TOLD = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

describe("an answer over REST", () => {
  let shop: RolesShop;
  before(async () => {
    shop = await startShop();
  });
  after(() => shop.close());

  const get = (path: string, init: RequestInit = {}) => fetch(shop.url("gateway") + path, init);
  const answers: Readonly<Record<string, () => Promise<Response>>> = {
    "of a read": () => get("/api/users/123"),
    "of an order": () => placeOrder(shop.url("gateway")),
    "of an error": () => get("/api/users/999999999"),
    "of a path that nothing serves": () => get("/<script>"),
    "of a method that is not allowed": () => get("/api/users/123", { method: "DELETE" }),
    "of a body that cannot be read": () => get("/api/orders", { method: "POST", body: "{" }),
    "of its health": () => get("/health"),
    "of its description": () => get("/openapi.json"),
    "to HEAD": () => get("/api/users/123", { method: "HEAD" }),
    "of a stream": async () => {
      const { order_id: id } = (await (await placeOrder(shop.url("gateway"))).json()) as { order_id: string };
      return await get(`/api/watch/orders/${id}`);
    },
    "of a preflight": () =>
      get("/api/orders", {
        method: "OPTIONS",
        headers: { origin: "https://a.example", "access-control-request-method": "POST" },
      }),
  };

  for (const [what, answer] of Object.entries(answers)) {
    it(`${what} is nothing but data, and is not kept`, async () => {
      const { headers, body } = await answer();
      await body?.cancel();
      const told = Object.fromEntries(Object.keys(TOLD).map((name) => [name, headers.get(name)]));
      assert.deepEqual(told, TOLD);
      assert.equal(headers.get("strict-transport-security"), null); // it did not come over TLS
    });
  }
});
