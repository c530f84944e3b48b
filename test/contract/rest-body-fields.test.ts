// What is said of the fields of a REST request that are wrong.
import assert from "node:assert/strict";
import { badRequestBody, startRest } from "../support/rest.ts";
import { type RestOrders, startRestOrders } from "../support/rest-orders.ts";

const UINT32 = "must be an integer of 0 or more (uint32)";
const INT32 = "must be an integer (int32)";

describe("fields of REST request bodies", () => {
  let orders: RestOrders;
  before(async () => {
    orders = await startRestOrders();
  });
  after(() => orders.close());

  it("that break several rules are told all of them", async () => {
    const { status, body } = await orders.refused({
      items: [{ product_id: 1, quantity: 0, price: -1 }],
      currency: "XXX",
    });
    assert.equal(status, 400);
    assert.deepEqual(
      body,
      badRequestBody(
        ["user_id", "must be greater than 0"],
        ["items[0].quantity", "must be greater than 0 and less than or equal to 10000"],
        ["items[0].price", "must be greater than 0 and less than or equal to 1000000"],
        ["currency", "must be in list [USD, EUR, GBP]"],
      ),
    );
  });

  it("with wrong types, unknown fields and broken rules are told all at once", async () => {
    const items = [
      { product_id: "x", quantity: 1, price: 1 },
      { product_id: 1, quantity: "two", price: 1, prise: 3 },
      "none",
      { product_id: 1, quantity: 20000, price: 1 },
    ];
    const { body } = await orders.refused({ items, curency: "USD", "": 1 });
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
    const { body } = await orders.refused({ user_id: "x", items: [{ product_id: 1, quantity: 20000, price: 1 }] });
    assert.deepEqual(
      body,
      badRequestBody(
        ["user_id", UINT32],
        ["items[0].quantity", "must be greater than 0 and less than or equal to 10000"],
      ),
    );
  });

  it("are told the path of every kind of field", async () => {
    const { body } = await orders.server.call("PATCH", "/v1/books/x?updateMask=a_b&nope=1&updateMask=t&book.title=x", {
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

  it("give no endless answers", async () => {
    const items = Array.from({ length: 60 }, () => ({ x: 1 }));
    const { body } = await orders.refused({ items });
    const { message, details } = body as { message: string; details: [{ field_violations: unknown[] }] };
    assert.equal(details[0].field_violations.length, 32);
    assert.match(message, /items\[31\]\.x: is unknown; and more$/);
  });

  it("are refused even without the validation interceptor", async () => {
    const bare = await startRest({ services: [orders.shop] });
    try {
      const before = orders.taken();
      const { body } = await bare.call("POST", "/api/orders", { user_id: "x" });
      assert.deepEqual([body, orders.taken()], [badRequestBody(["user_id", UINT32]), before]);
    } finally {
      await bare.close();
    }
  });
});
