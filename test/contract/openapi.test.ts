import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { openApiDocument } from "../../src/rpc/rest/openapi.ts";
import { service } from "../../src/rpc/service.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";
import { ProbeService } from "../gen/probe/v1/probe_pb.js";
import { startRest } from "../support/rest.ts";

const INFO = { title: "Shop", version: "1.2.3", description: "Sells." };

/** The value at a path of keys. */
function at(json: JsonValue, ...path: string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((value, key) => (value as JsonObject | undefined)?.[key], json);
}

/** Every value of a key, at any depth. */
function all(json: JsonValue, key: string): JsonValue[] {
  if (typeof json !== "object" || json === null) return [];
  const found = Object.entries(json).flatMap(([k, v]) => (k === key ? [v] : all(v, key)));
  return found;
}

const content = (schema: JsonObject) => ({ "application/json": { schema } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const responses = (schema: JsonObject) => ({
  200: { description: "Success", content: content(schema) },
  default: { description: "Error", content: content(ref("google.rpc.Status")) },
});

const optionalText = (pattern: string) => ({
  anyOf: [{ type: "string", pattern }, { const: "" }, { type: "null" }],
});

describe("the OpenAPI document", () => {
  const document = openApiDocument([ShopService, LibraryService, ProbeService], INFO);

  it("says what it is", () => {
    assert.deepEqual([document.openapi, document.info], ["3.1.0", INFO]);
  });

  it("names the token of the methods that need one, and none otherwise", () => {
    const asking = openApiDocument([ShopService], { ...INFO, needsToken: ({ name }) => name === "CancelOrder" });
    assert.deepEqual(at(asking, "components", "securitySchemes"), {
      token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
    });
    assert.deepEqual(at(asking, "paths", "/api/orders/{order_id}:cancel", "post", "security"), [{ token: [] }]);
    assert.deepEqual([all(asking, "security").length, asking.info], [1, INFO]);
    assert.deepEqual([all(document, "security"), all(document, "securitySchemes")], [[], []]);
  });

  it("has every path, and no other", () => {
    const paths = Object.entries(document.paths as JsonObject).map(([path, item]) => [
      path,
      Object.keys(item as JsonObject),
    ]);
    assert.deepEqual(paths, [
      ["/api/users/{id}", ["get"]],
      ["/api/orders", ["post", "get"]],
      ["/api/orders/{order_id}", ["get"]],
      ["/api/orders/{order_id}:cancel", ["post"]],
      ["/api/watch/orders/{order_id}", ["get"]],
      ["/v1/{name}", ["get"]],
      ["/v1/book", ["get"]],
      ["/v1/isbn/{filter.isbn}", ["get"]],
      ["/v1/books/{book.id}", ["patch", "put"]],
      ["/v1/files/{path}:move", ["post"]],
      ["/v1/files/{path}", ["delete"]],
    ]);
  });

  it("describes a query with its rules, and the response_body", () => {
    assert.deepEqual(
      at(document, "paths", "/api/users/{id}", "get", "responses"),
      responses(ref("shop.gateway.v1.User")),
    );
    assert.deepEqual(at(document, "paths", "/api/orders", "get"), {
      operationId: "ShopService_ListOrders",
      tags: ["ShopService"],
      parameters: [
        {
          name: "user_id",
          in: "query",
          required: true,
          schema: { type: "integer", format: "uint32", exclusiveMinimum: 0, maximum: 4294967295 },
        },
        { name: "page_size", in: "query", schema: { type: "integer", format: "uint32", minimum: 0, maximum: 100 } },
        {
          name: "page_token",
          in: "query",
          schema: { anyOf: [{ type: "string", pattern: "^MT[o-r][A-Za-z0-9_-]{0,197}$" }, { const: "" }] },
        },
      ],
      responses: responses(ref("shop.gateway.v1.ListOrdersResponse")),
    });
  });

  it("describes bodies: the message, the message without what the path has, or one field", () => {
    assert.deepEqual(at(document, "paths", "/api/orders", "post", "requestBody"), {
      required: true,
      content: content(ref("shop.gateway.v1.CreateOrderRequest")),
    });
    assert.deepEqual(at(document, "paths", "/v1/files/{path}:move", "post", "requestBody"), {
      required: false,
      content: content({
        type: "object",
        properties: { to: { type: ["string", "null"] } },
        additionalProperties: false,
      }),
    });
    assert.deepEqual(at(document, "paths", "/v1/books/{book.id}", "patch", "requestBody"), {
      required: false,
      content: content(ref("library.v1.Book")),
    });
    const parameters = at(document, "paths", "/v1/books/{book.id}", "patch", "parameters") as {
      name: string;
      in: string;
    }[];
    assert.deepEqual(
      parameters.map((p) => `${p.in} ${p.name}`),
      ["path book.id", "query update_mask"],
    );
  });

  it("describes messages with their rules", () => {
    assert.deepEqual(at(document, "components", "schemas", "shop.gateway.v1.CreateOrderRequest"), {
      type: "object",
      properties: {
        user_id: { type: "integer", format: "uint32", exclusiveMinimum: 0, maximum: 4294967295 },
        items: { type: "array", items: ref("shop.gateway.v1.NewOrderItem"), minItems: 1, maxItems: 100 },
        currency: { type: ["string", "null"], enum: ["USD", "EUR", "GBP", "", null] },
        payment_method: optionalText("^tok_[a-z_]{1,60}$"),
        idempotency_key: optionalText("^[!-~]{1,128}$"),
      },
      required: ["user_id", "items"],
      additionalProperties: false,
    });
    assert.deepEqual(at(document, "components", "schemas", "shop.gateway.v1.NewOrderItem"), {
      type: "object",
      properties: {
        product_id: { type: "integer", format: "uint32", exclusiveMinimum: 0, maximum: 4294967295 },
        quantity: { type: "integer", format: "uint32", exclusiveMinimum: 0, maximum: 10000 },
        price: { type: "number", format: "double", exclusiveMinimum: 0, maximum: 1000000 },
      },
      required: ["product_id", "quantity", "price"],
      additionalProperties: false,
    });
    const text = { type: ["string", "null"] };
    const int32 = { type: "integer", format: "int32", minimum: -2147483648, maximum: 2147483647 };
    const nullable = (schema: JsonObject) => ({ anyOf: [schema, { type: "null" }] });
    assert.deepEqual(at(document, "components", "schemas", "library.v1.Book"), {
      type: "object",
      properties: {
        id: { ...text, format: "int64", pattern: "^-?(0|[1-9][0-9]{0,18})$" },
        title: { type: "string", minLength: 1 },
        authors: { type: ["array", "null"], items: ref("library.v1.Author"), maxItems: 3 },
        tags: { type: ["array", "null"], items: { type: "string", maxLength: 5 }, uniqueItems: true },
        copies: { type: ["object", "null"], additionalProperties: int32 },
        notes: { type: ["object", "null"], additionalProperties: ref("library.v1.Author") },
        cover: { ...text, contentEncoding: "base64" },
        shelf: text,
        reader: { type: ["integer", "null"], format: "uint32", minimum: 0, maximum: 4294967295 },
        extra: { type: ["object", "null"] },
        sequel_of: nullable(ref("library.v1.Book")),
        kind: { ...text, enum: ["KIND_UNSPECIFIED", "KIND_NOVEL", "KIND_SCIENCE", null] },
        printed: { ...text, format: "date-time" },
      },
      required: ["title"],
      additionalProperties: false,
    });
  });

  it("leaves responses open", () => {
    const schemas = at(document, "components", "schemas") as Record<string, JsonObject>;
    const closed = Object.keys(schemas).filter((name) => schemas[name]?.additionalProperties === false);
    assert.deepEqual(closed.sort(), [
      "library.v1.Author",
      "library.v1.Book",
      "shop.gateway.v1.CreateOrderRequest",
      "shop.gateway.v1.NewOrderItem",
    ]);
    assert.deepEqual(at(schemas, "shop.money.v1.Money", "properties", "currency"), {
      type: "string",
      enum: ["USD", "EUR", "GBP"],
    });
  });

  it("has streams as server-sent events, each with the message or the field of it that the rule names", () => {
    const path = ["paths", "/api/watch/orders/{order_id}", "get", "responses", "200", "content"] as const;
    assert.deepEqual(at(document, ...path), {
      "text/event-stream": { schema: { $ref: "#/components/schemas/shop.gateway.v1.Order" } },
    });
  });

  it("has what it refers to, names each operation once, and declares the variables of each path", () => {
    const schemas = Object.keys(at(document, "components", "schemas") as JsonObject);
    for (const target of all(document, "$ref")) {
      assert.ok(schemas.includes(String(target).replace("#/components/schemas/", "")), String(target));
    }
    const ids = all(document, "operationId");
    assert.deepEqual(ids, [...new Set(ids)]);
    assert.equal(ids.length, 13);
    for (const [path, item] of Object.entries(document.paths as JsonObject)) {
      const names = [...path.matchAll(/\{(.*?)\}/g)].map((m) => m[1]);
      for (const operation of Object.values(item as JsonObject)) {
        const parameters = (at(operation, "parameters") ?? []) as { name: string; in: string; required?: boolean }[];
        const declared = parameters.filter((p) => p.in === "path" && p.required === true).map((p) => p.name);
        assert.deepEqual(declared, names, path);
      }
    }
  });

  it("is served, if asked for", async () => {
    const services = [service(ShopService, {})];
    const server = await startRest({ services, openApi: INFO });
    const without = await startRest({ services });
    try {
      const { status, body } = await server.call("GET", "/openapi.json");
      assert.deepEqual([status, body], [200, openApiDocument([ShopService], INFO)]);
      assert.equal((await without.call("GET", "/openapi.json")).status, 404);
    } finally {
      await server.close();
      await without.close();
    }
  });
});
