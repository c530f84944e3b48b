import assert from "node:assert/strict";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { httpCall } from "../../src/rpc/interceptors/http-call.ts";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { service } from "../../src/rpc/service.ts";
import { createLibrary } from "../support/library.ts";
import { badRequestBody, callHttp2, type RestServer, startRest } from "../support/rest.ts";

const UINT32 = "must be an integer of 0 or more (uint32)";
const INT32 = "must be an integer (int32)";
const ORDER = { user_id: 1, items: [{ product_id: 1, quantity: 2, price: 29.99 }] };

describe("REST request bodies", () => {
  let server: RestServer;
  let orders = 0;
  const shop = service(ShopService, {
    createOrder: () => {
      orders++;
      return {};
    },
  });
  before(async () => {
    const services = [shop, createLibrary().service];
    server = await startRest({ services, interceptors: [validation()], readMaxBytes: 1000 });
  });
  after(() => server.close());

  /** The answer to a refused order, after having checked that the handler did not see it. */
  async function refused(content: unknown, headers?: Record<string, string>) {
    orders = 0;
    const answer = await server.call("POST", "/api/orders", content, headers);
    assert.equal(orders, 0);
    return answer;
  }

  it("that break several rules are told all of them", async () => {
    const { status, body } = await refused({ items: [{ product_id: 1, quantity: 0, price: -1 }], currency: "XXX" });
    assert.equal(status, 400);
    assert.deepEqual(
      body,
      badRequestBody(
        ["user_id", "must be greater than 0"],
        ["items[0].quantity", "must be greater than 0 and less than or equal to 10000"],
        ["items[0].price", "must be greater than or equal to 0 and less than or equal to 1000000"],
        ["currency", "must be in list [USD, EUR, GBP]"],
      ),
    );
  });

  it("with wrong types, unknown fields and broken rules are told all at once", async () => {
    const items = [
      { product_id: "x", quantity: 1 },
      { product_id: 1, quantity: "two", prise: 3 },
      "none",
      { product_id: 1, quantity: 20000 },
    ];
    const { body } = await refused({ items, curency: "USD", "": 1 });
    assert.deepEqual(
      body,
      badRequestBody(
        ["items[0].product_id", UINT32],
        ["items[1].quantity", UINT32],
        ["items[1].prise", "is unknown"],
        ["items[2]", "must be an object"],
        ["curency", "is unknown"],
        ['[""]', "is unknown"],
        ["user_id", "must be greater than 0"],
        ["items[3].quantity", "must be greater than 0 and less than or equal to 10000"],
      ),
    );
  });

  it("add what the rules say to what could not be decoded", async () => {
    const { body } = await refused({ user_id: "x", items: [{ product_id: 1, quantity: 20000 }] });
    assert.deepEqual(
      body,
      badRequestBody(
        ["user_id", UINT32],
        ["items[0].quantity", "must be greater than 0 and less than or equal to 10000"],
      ),
    );
  });

  it("are told the path of every kind of field", async () => {
    const { body } = await server.call("PATCH", "/v1/books/x?updateMask=a_b&nope=1&updateMask=t&book.title=x", {
      title: 5,
      authors: { name: "A" },
      tags: ["a", null],
      copies: { here: 1, there: 1.5 },
      notes: { 'a"b': { name: "A", born: "y" } },
      cover: "!",
      shelf: "s",
      reader: 1,
      extra: [],
      sequelOf: { kind: "KIND_NONE", printed: "yesterday" },
      sequel_of: {},
      id: true,
    });
    assert.deepEqual(
      body,
      badRequestBody(
        ["book.id", "must be an integer (int64)"],
        ["nope", "is no query parameter"],
        ["update_mask", "is given more than once"],
        ["book.title", "is no query parameter"],
        ["update_mask", "must be field names in lowerCamelCase, separated by commas"],
        ["book.title", "must be a string"],
        ["book.authors", "must be an array"],
        ["book.tags[1]", "must be a string"],
        ['book.copies["there"]', INT32],
        ['book.notes["a\\"b"].born', INT32],
        ["book.cover", "must be base64"],
        ["book.reader", "only one of shelf, reader may be given"],
        ["book.extra", "must be the JSON of google.protobuf.Struct"],
        ["book.sequel_of.kind", "must be one of KIND_UNSPECIFIED, KIND_NOVEL, KIND_SCIENCE"],
        ["book.sequel_of.printed", "must be a time such as 2026-01-31T12:00:00Z"],
        ["book.sequel_of", "is given more than once"],
        ["book.id", "must be an integer (int64)"],
      ),
    );
  });

  it("are never shown in errors", async () => {
    const { body } = await refused({ payment_method: { card: "4111111111111111" } });
    assert.doesNotMatch(JSON.stringify(body), /4111/);
    const malformed = await refused('{"payment_method": 4111111111111111x');
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
      const { status, body } = await refused(text);
      const message = `malformed JSON at line ${line}, column ${column}`;
      assert.deepEqual([status, body], [400, { code: 3, message, details: [] }], text);
    }
  });

  it("with a key twice are refused", async () => {
    const { body } = await refused('{"user_id": 1,\n"user\\u005fid": 2}');
    const message = "an object of the JSON has a key again at line 2, column 1";
    assert.deepEqual(body, { code: 3, message, details: [] });
    const names = await refused('{"user_id": 1, "userId": 2, "items": [{"product_id": 1, "quantity": 1}]}');
    assert.deepEqual(names.body, badRequestBody(["user_id", "is given more than once"]));
  });

  it("that are no object are refused", async () => {
    for (const text of ["null", "1", '"{}"', "[]", "true"]) {
      assert.deepEqual((await refused(text)).body, badRequestBody(["", "must be an object"]), text);
    }
  });

  it("that nest too deeply are refused", async () => {
    const nested = `${'{"sequel_of":'.repeat(50)}${"{}".padStart(1)}${"}".repeat(50)}`;
    assert.equal((await server.call("PATCH", "/v1/books/1", nested)).status, 400); // a title is required
    const { status, body } = await server.call(
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
      const { status, body } = await refused(text, { "content-type": contentType });
      assert.deepEqual([status, body], [415, type], contentType);
    }
    const encoded = await refused(text, { "content-encoding": "gzip" });
    assert.equal(encoded.status, 415);
    for (const contentType of ["application/json;charset=UTF-8", "Application/JSON", "application/merge-patch+json"]) {
      const { status } = await server.call("POST", "/api/orders", text, { "content-type": contentType });
      assert.equal(status, 200, contentType);
    }
    const headers = { "content-type": "application/json" };
    const latin1 = await fetch(`${server.url}/api/orders`, {
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
    const declared = await refused(text);
    assert.deepEqual([declared.status, declared.body], [413, large]);
    const body = new Blob([text]).stream();
    const init = { method: "POST", headers: { "content-type": "application/json" }, body, duplex: "half" } as const;
    const chunked = await fetch(`${server.url}/api/orders`, init);
    assert.deepEqual([chunked.status, await chunked.json()], [413, large]);
    const headers = { ":path": "/api/orders", ":method": "POST", "content-type": "application/json" };
    const http2 = await callHttp2(server.url, headers, text);
    assert.deepEqual([http2.headers[":status"], JSON.parse(http2.body)], [413, large]);
    assert.equal((await server.call("POST", "/api/orders", ORDER)).status, 200);
  });

  it("are not looked at where the rule has none", async () => {
    const { status, body } = await server.call("DELETE", "/v1/files/a", "{", { "content-type": "text/plain" });
    assert.deepEqual([status, body], [200, { path: "a" }]);
  });

  it("give no endless answers", async () => {
    const items = Array.from({ length: 60 }, () => ({ x: 1 }));
    const { body } = await refused({ items });
    const { message, details } = body as { message: string; details: [{ field_violations: unknown[] }] };
    assert.equal(details[0].field_violations.length, 32);
    assert.match(message, /items\[31\]\.x: is unknown; and more$/);
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
    const watched = await startRest({ services: [shop], interceptors: [watch, validation()], readMaxBytes: 10 });
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

  it("are refused even without the validation interceptor", async () => {
    const bare = await startRest({ services: [shop] });
    try {
      orders = 0;
      const { body } = await bare.call("POST", "/api/orders", { user_id: "x" });
      assert.deepEqual([body, orders], [badRequestBody(["user_id", UINT32]), 0]);
    } finally {
      await bare.close();
    }
  });
});
