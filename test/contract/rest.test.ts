import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import { service } from "../../src/rpc/service.ts";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { createLibrary } from "../support/library.ts";
import { callHttp2, type RestServer, startRest } from "../support/rest.ts";
import { testOutcomes } from "../support/test-outcomes.ts";

const shop = service(ShopService, {
  getUser({ id }) {
    if (id === 404) throw testOutcomes.error("USER_NOT_FOUND", "there is no user 404", { user_id: "404" });
    if (id === 500) throw new Error("a secret of the server");
    return id === 204 ? {} : { user: { id, name: `User ${id}`, email: `user${id}@example.com` } };
  },
  createOrder({ items }, { requestHeader, responseHeader, responseTrailer }) {
    const key = requestHeader.get("idempotency-key") ?? "new";
    responseHeader.set("idempotency-key", key);
    responseTrailer.set("x-trailer", "t");
    responseHeader.append("set-cookie", "a=1");
    responseHeader.append("set-cookie", "b=2");
    responseHeader.set("content-length", "1");
    if (key === "declined") throw testOutcomes.error("CARD_DECLINED", "the card was declined");
    if (key === "metadata") throw new ConnectError("no", Code.Unauthenticated, { "www-authenticate": "Bearer" });
    if (key === "wire") {
      const error = new ConnectError("no", Code.Unavailable, { "x-internal": "1" });
      error.isWireError = true;
      throw error;
    }
    const sum = items.reduce((total, i) => total + Math.round(i.price * 100) * i.quantity, 0);
    return { orderId: "o1", status: "created", total: { minorUnits: BigInt(sum), currency: "USD" } };
  },
});

describe("REST", () => {
  let server: RestServer;
  before(async () => {
    server = await startRest({ services: [shop, createLibrary().service], interceptors: [validation()] });
  });
  after(() => server.close());

  describe("answers", () => {
    it("is the response_body, in proto names", async () => {
      const { status, headers, body } = await server.call("GET", "/api/users/123");
      assert.deepEqual([status, headers.get("content-type")], [200, "application/json"]);
      assert.deepEqual(body, { id: 123, name: "User 123", email: "user123@example.com" });
    });

    it("is byte for byte what people know", async () => {
      const response = await fetch(`${server.url}/api/users/123`);
      assert.equal(await response.text(), '{"id":123,"name":"User 123","email":"user123@example.com"}');
    });

    it("is {} for a response_body that is not set", async () => {
      assert.deepEqual((await server.call("GET", "/api/users/204")).body, {});
      assert.equal((await server.call("POST", "/v1/files/a:move", {})).body, "");
    });

    it("is the whole message without a response_body; int64 as string", async () => {
      const order = {
        user_id: 123,
        items: [
          { product_id: 1, quantity: 2, price: 29.99 },
          { product_id: 2, quantity: 1, price: 49.99 },
        ],
      };
      const { status, body } = await server.call("POST", "/api/orders", order);
      assert.equal(status, 200);
      assert.deepEqual(body, {
        order_id: "o1",
        status: "created",
        total: { minor_units: "10997", currency: "USD" },
      });
    });

    it("has the headers and trailers of the handler as headers, but never its framing", async () => {
      const order = { user_id: 1, items: [{ product_id: 1, quantity: 1, price: 1 }] };
      const { headers } = await server.call("POST", "/api/orders", order, { "Idempotency-Key": "k1" });
      assert.equal(headers.get("idempotency-key"), "k1");
      assert.equal(headers.get("x-trailer"), "t");
      assert.deepEqual(headers.getSetCookie(), ["a=1", "b=2"]);
    });

    it("to HEAD has the headers of GET alone", async () => {
      const get = await server.call("GET", "/api/users/123");
      const head = await server.call("HEAD", "/api/users/123");
      assert.deepEqual([head.status, head.body], [200, ""]);
      assert.equal(head.headers.get("content-length"), get.headers.get("content-length"));
    });

    it("is the same over HTTP/2", async () => {
      const get = await callHttp2(server.url, { ":path": "/api/users/123" });
      assert.equal(get.headers[":status"], 200);
      assert.deepEqual(JSON.parse(get.body), { id: 123, name: "User 123", email: "user123@example.com" });
      const headers = { ":path": "/api/orders", ":method": "POST", "content-type": "application/json" };
      const post = await callHttp2(
        server.url,
        headers,
        '{"user_id":1,"items":[{"product_id":1,"quantity":1,"price":1}]}',
      );
      assert.equal(post.headers["idempotency-key"], "new");
      assert.equal(JSON.parse(post.body).order_id, "o1");
      const head = await callHttp2(server.url, { ":path": "/api/users/123", ":method": "HEAD" });
      assert.deepEqual([head.headers[":status"], head.body], [200, ""]);
    });
  });

  describe("errors", () => {
    it("are google.rpc.Status with the details", async () => {
      const { status, headers, body } = await server.call("GET", "/api/users/404");
      assert.deepEqual([status, headers.get("content-type")], [404, "application/json"]);
      assert.deepEqual(body, {
        code: 5,
        message: "there is no user 404",
        details: [
          {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            reason: "USER_NOT_FOUND",
            domain: "test.example",
            metadata: { user_id: "404" },
          },
        ],
      });
    });

    it("have the status of their reason, and the headers that the handler had set", async () => {
      const order = { user_id: 1, items: [{ product_id: 1, quantity: 1, price: 1 }] };
      const { status, headers } = await server.call("POST", "/api/orders", order, { "Idempotency-Key": "declined" });
      assert.deepEqual([status, headers.get("idempotency-key")], [402, "declined"]);
    });

    it("send their metadata as headers, unless a peer sent it", async () => {
      const order = { user_id: 1, items: [{ product_id: 1, quantity: 1, price: 1 }] };
      const own = await server.call("POST", "/api/orders", order, { "Idempotency-Key": "metadata" });
      assert.deepEqual([own.status, own.headers.get("www-authenticate")], [401, "Bearer"]);
      const wire = await server.call("POST", "/api/orders", order, { "Idempotency-Key": "wire" });
      assert.deepEqual([wire.status, wire.headers.get("x-internal")], [503, null]);
    });

    it("that nobody expected tell nothing", async () => {
      const { status, body } = await server.call("GET", "/api/users/500");
      assert.deepEqual([status, body], [500, { code: 13, message: "internal error", details: [] }]);
    });

    it("are 501 for a method without implementation", async () => {
      const { status, body } = await server.call("GET", "/api/orders?user_id=1");
      const message = "shop.gateway.v1.ShopService.ListOrders is not implemented";
      assert.deepEqual([status, body], [501, { code: 12, message, details: [] }]);
    });

    it("are 404 for unknown paths", async () => {
      for (const path of ["/", "/api", "/api/users", "/api/users/", "/api/users/1/2", "/api/users/%", "/API/users/1"]) {
        const { status, body } = await server.call("GET", path);
        assert.deepEqual([status, body], [404, { code: 5, message: "no such path", details: [] }], path);
      }
    });

    it("are 405 with Allow for other methods of a path", async () => {
      const { status, headers, body } = await server.call("DELETE", "/api/orders");
      assert.deepEqual([status, headers.get("allow")], [405, "GET, POST, HEAD"]);
      const message = "DELETE is not allowed here, only GET, POST, HEAD";
      assert.deepEqual(body, { code: 12, message, details: [] });
      assert.equal((await server.call("GET", "/api/orders/1:cancel")).headers.get("allow"), "POST");
    });
  });

  it("refuses a second route for the same requests, at start", () => {
    const twice = () => createRestHandler({ services: [shop, shop] });
    assert.throws(twice, /Method 'GET' already declared for route/);
  });

  it("serves nothing of services without rules", () => {
    assert.doesNotThrow(() => createRestHandler({ services: [service(ProbeService, {})] }));
  });
});
