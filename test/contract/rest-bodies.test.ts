// What a REST request body may be at all: JSON, UTF-8, not too large.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { httpCall } from "../../src/rpc/interceptors/http-call.ts";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { createLibrary } from "../support/library.ts";
import { badRequestBody, callHttp2, startRest } from "../support/rest.ts";
import { type RestOrders, startRestOrders } from "../support/rest-orders.ts";

const ORDER = { user_id: 1, items: [{ product_id: 1, quantity: 2, price: 29.99 }] };

describe("REST request bodies", () => {
  let orders: RestOrders;
  before(async () => {
    orders = await startRestOrders();
  });
  after(() => orders.close());

  it("are never shown in errors", async () => {
    const { body } = await orders.refused({ payment_method: { card: "4111111111111111" } });
    assert.doesNotMatch(JSON.stringify(body), /4111/);
    const malformed = await orders.refused('{"payment_method": 4111111111111111x');
    assert.doesNotMatch(JSON.stringify(malformed.body), /4111/);
  });

  it("that are no JSON are told line and column", async () => {
    const cases: [text: string, line: number, column: number][] = [
      ["{", 1, 2],
      ['{"user_id": 1,}', 1, 15],
      ['{"user_id": 1,\n "items": [}', 2, 12],
      ["{user_id: 1}", 1, 2],
      ['{"user_id": 01}', 1, 14],
      ['{"user_id": "a\tb"}', 1, 15],
      ["[1 2]", 1, 4],
      ["{} {}", 1, 4],
      [" ", 1, 2],
      ["nul", 1, 1],
      ["{'a': 1}", 1, 2],
    ];
    for (const [text, line, column] of cases) {
      const { status, body } = await orders.refused(text);
      const message = `malformed JSON at line ${line}, column ${column}`;
      assert.deepEqual([status, body], [400, { code: 3, message, details: [] }], text);
    }
  });

  it("with a key twice are refused", async () => {
    const { body } = await orders.refused('{"user_id": 1,\n"user\\u005fid": 2}');
    const message = "an object of the JSON has a key again at line 2, column 1";
    assert.deepEqual(body, { code: 3, message, details: [] });
    const names = await orders.refused(
      '{"user_id": 1, "userId": 2, "items": [{"product_id": 1, "quantity": 1, "price": 1}]}',
    );
    assert.deepEqual(names.body, badRequestBody(["user_id", "is given more than once"]));
  });

  it("that are no object are refused", async () => {
    for (const text of ["null", "1", '"{}"', "[]", "true"]) {
      assert.deepEqual((await orders.refused(text)).body, badRequestBody(["", "must be an object"]), text);
    }
  });

  it("that nest too deeply are refused", async () => {
    const nested = `${'{"sequel_of":'.repeat(50)}${"{}".padStart(1)}${"}".repeat(50)}`;
    assert.equal((await orders.server.call("PATCH", "/v1/books/1", nested)).status, 400); // a title is required
    const { status, body } = await orders.server.call(
      "PATCH",
      "/v1/books/1",
      `{"extra":{"a":${"[".repeat(400)}${"]".repeat(400)}}}`,
    );
    assert.equal(status, 400);
    assert.deepEqual(
      body,
      badRequestBody(
        ["book.extra", "must be the JSON of google.protobuf.Struct"],
        ["book.title", "must be at least 1 characters"],
      ),
    );
  });

  it("must be JSON in UTF-8, not encoded: 415", async () => {
    const text = JSON.stringify(ORDER);
    const type = { code: 3, message: "content type must be application/json", details: [] };
    for (const contentType of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/jsonx",
      "application/json; charset=latin1",
    ]) {
      const { status, body } = await orders.refused(text, { "content-type": contentType });
      assert.deepEqual([status, body], [415, type], contentType);
    }
    const encoded = await orders.refused(text, { "content-encoding": "gzip" });
    assert.equal(encoded.status, 415);
    for (const contentType of ["application/json;charset=UTF-8", "Application/JSON", "application/merge-patch+json"]) {
      const { status } = await orders.server.call("POST", "/api/orders", text, { "content-type": contentType });
      assert.equal(status, 200, contentType);
    }
    const headers = { "content-type": "application/json" };
    const latin1 = await fetch(`${orders.server.url}/api/orders`, {
      method: "POST",
      headers,
      body: Buffer.from([0x22, 0xe9, 0x22]),
    });
    assert.deepEqual(
      [latin1.status, await latin1.json()],
      [400, { code: 3, message: "the body is not UTF-8", details: [] }],
    );
  });

  it("larger than the limit are refused, declared or not, over both versions of HTTP: 413", async () => {
    const large = { code: 8, message: "the body is larger than 1000 bytes", details: [] };
    const text = JSON.stringify({ ...ORDER, currency: "U".repeat(200_000) });
    const declared = await orders.refused(text);
    assert.deepEqual([declared.status, declared.body], [413, large]);
    const body = new Blob([text]).stream();
    const init = { method: "POST", headers: { "content-type": "application/json" }, body, duplex: "half" } as const;
    const chunked = await fetch(`${orders.server.url}/api/orders`, init);
    assert.deepEqual([chunked.status, await chunked.json()], [413, large]);
    const headers = { ":path": "/api/orders", ":method": "POST", "content-type": "application/json" };
    const http2 = await callHttp2(orders.server.url, headers, text);
    assert.deepEqual([http2.headers[":status"], JSON.parse(http2.body)], [413, large]);
    assert.equal((await orders.server.call("POST", "/api/orders", ORDER)).status, 200);
  });

  it("have the limit of their method, or that of all, which is 64 KiB unless said otherwise: 413", async () => {
    const services = [orders.shop, createLibrary().service];
    const own = await startRest({
      services,
      maxRequestBytes: ({ name }) => (name === "CreateOrder" ? 100 : undefined),
    });
    try {
      const sized = (bytes: number) => `{}${" ".repeat(bytes - 2)}`;
      const answers = [];
      for (const [method, path, bytes] of [
        ["POST", "/api/orders", 100],
        ["POST", "/api/orders", 101],
        ["PUT", "/v1/books/1", 65_536],
        ["PUT", "/v1/books/1", 65_537],
      ] as const) {
        const { status, body } = await own.call(method, path, sized(bytes));
        answers.push(status === 413 ? (body as { message: string }).message : status);
      }
      assert.deepEqual(answers, [200, "the body is larger than 100 bytes", 200, "the body is larger than 65536 bytes"]);
    } finally {
      await own.close();
    }
  });

  it("that announce to be too large are refused before they are sent", async () => {
    const req = request(`${orders.server.url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": "1001" },
    });
    req.flushHeaders();
    const [answer] = (await once(req, "response")) as [IncomingMessage];
    req.destroy();
    assert.equal(answer.statusCode, 413);
  });

  it("are not looked at where the rule has none", async () => {
    const { status, body } = await orders.server.call("DELETE", "/v1/files/a", "{", { "content-type": "text/plain" });
    assert.deepEqual([status, body], [200, { path: "a" }]);
  });

  it("that cannot be read are seen by interceptors as calls that fail, with the status that is answered", async () => {
    const seen: unknown[] = [];
    const watch: Interceptor = (next) => async (req) => {
      try {
        return await next(req);
      } catch (error) {
        assert.ok(error instanceof ConnectError);
        seen.push([req.method.name, error.code, req.contextValues.get(httpCall)?.status(error)]);
        throw error;
      }
    };
    const watched = await startRest({ services: [orders.shop], interceptors: [watch, validation()], readMaxBytes: 10 });
    try {
      await watched.call("POST", "/api/orders", "{");
      await watched.call("POST", "/api/orders", '{"a": 1}');
      await watched.call("POST", "/api/orders", "{}", { "content-type": "text/plain" });
      await watched.call("POST", "/api/orders", ORDER);
      await watched.call("GET", "/api/users/x");
    } finally {
      await watched.close();
    }
    assert.deepEqual(seen, [
      ["CreateOrder", Code.InvalidArgument, 400],
      ["CreateOrder", Code.InvalidArgument, 400],
      ["CreateOrder", Code.InvalidArgument, 415],
      ["CreateOrder", Code.ResourceExhausted, 413],
      ["GetUser", Code.InvalidArgument, 400],
    ]);
  });
});
