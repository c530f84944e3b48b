// How a REST request becomes a message.
import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { httpCall } from "../../src/rpc/interceptors/http-call.ts";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { service } from "../../src/rpc/service.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";
import { createLibrary } from "../support/library.ts";
import { type RestServer, startRest } from "../support/rest.ts";

const shop = service(ShopService, {
  getUser: ({ id }) => ({ user: { id, name: `User ${id}`, email: `user${id}@example.com` } }),
});

describe("REST requests", () => {
  let server: RestServer;
  const library = createLibrary();
  before(async () => {
    server = await startRest({ services: [shop, library.service], interceptors: [validation()] });
  });
  after(() => server.close());

  it("set fields from resource names, queries and defaults", async () => {
    const query = [
      "page=7",
      "filter.years=1984",
      "filter.years=-5",
      "filter.kinds=KIND_NOVEL",
      "filter.kinds=2",
      "filter.available=true",
      "filter.since=2026-01-02T03:04:05Z",
      "filter.maxAge=1.5s",
      "filter.fields=title,firstAuthor",
      "filter.max_price=0",
      "filter.big=18446744073709551615",
      "filter.and.isbn=a%26b+c",
    ].join("&");
    const { body } = await server.call("GET", `/v1/shelves/a%20b/books/%C3%A9%2F1?${query}`);
    assert.deepEqual(body, {
      request: {
        name: "shelves/a b/books/é/1",
        page: 7,
        filter: {
          years: [1984, -5],
          kinds: ["KIND_NOVEL", "KIND_SCIENCE"],
          available: true,
          since: "2026-01-02T03:04:05Z",
          max_age: "1.500s",
          fields: "title,firstAuthor",
          max_price: 0,
          big: "18446744073709551615",
          and: { isbn: "a&b c" },
        },
      },
    });
  });

  it("come by additional bindings too, each with its own response_body", async () => {
    assert.deepEqual((await server.call("GET", "/v1/book?name=x")).body, { request: { name: "x" } });
    assert.deepEqual((await server.call("GET", "/v1/isbn/978:1?filter.available=true")).body, {
      filter: { isbn: "978:1", available: true },
    });
  });

  it("take one field as body, of which the path wins", async () => {
    const book = { id: "1", title: "T", tags: ["a"] };
    const { body } = await server.call("PATCH", "/v1/books/9007199254740993?updateMask=title", book);
    assert.deepEqual(body, {
      request: { book: { ...book, id: "9007199254740993" }, update_mask: "title" },
    });
    assert.equal((await server.call("PUT", "/v1/books/1", book)).status, 200);
  });

  it("may have a verb, and a path without end", async () => {
    assert.equal((await server.call("POST", "/v1/files/a/b:c/d:move", { to: "e" })).body, "e");
    assert.deepEqual((await server.call("DELETE", "/v1/files/a/b%20b/c:d")).body, { path: "a/b b/c:d" });
    assert.deepEqual((await server.call("DELETE", "/v1/files")).body, {});
  });

  it("need no body where all fields are optional", async () => {
    const { status, body } = await server.call("POST", "/v1/files/a:move");
    assert.deepEqual([status, body], [200, ""]);
  });

  it("are seen by handlers with headers, URL, method and the matched route", async () => {
    library.contexts.length = 0;
    await server.call("DELETE", "/v1/files/a?", undefined, { "x-in": "1" });
    const [context] = library.contexts;
    assert.equal(context?.requestHeader.get("x-in"), "1");
    assert.equal(context?.url, `${server.url}/v1/files/a`);
    assert.equal(context?.requestMethod, "DELETE");
    assert.equal(context?.method, LibraryService.method.deleteFile);
    const { status, ...call } = context?.values.get(httpCall) ?? {};
    assert.deepEqual(call, {
      method: "DELETE",
      route: "/v1/files/{path=**}",
      path: "/v1/files/a",
      scheme: "http",
      httpVersion: "1.1",
    });
    assert.deepEqual([status?.(), status?.(new ConnectError("x", Code.Aborted))], [200, 409]);
  });

  it("of RPCs are left to others", async () => {
    const connect = await server.call("POST", "/shop.gateway.v1.ShopService/GetUser", { id: 123 });
    assert.deepEqual(connect.body, { user: { id: 123, name: "User 123", email: "user123@example.com" } });
    assert.equal((await server.call("POST", "/no.such.Service/Method", {})).headers.get("content-type"), null);
  });
});
