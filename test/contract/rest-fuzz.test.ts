import assert from "node:assert/strict";
import { validation } from "../../src/rpc/interceptors/validation.ts";
import { findJsonFault } from "../../src/rpc/rest/json-fault.ts";
import { createLibrary } from "../support/library.ts";
import { BOOK, mutated } from "../support/mutated.ts";
import { randomText, seeded } from "../support/random.ts";
import { type RestServer, startRest } from "../support/rest.ts";

describe("REST and hostile input", () => {
  let server: RestServer;
  before(async () => {
    // Far more than the default, to make what grows faster than the text be seen.
    const readMaxBytes = 4 * 1024 * 1024;
    server = await startRest({ services: [createLibrary().service], interceptors: [validation()], readMaxBytes });
  });
  after(() => server.close());

  /** Sends it, and checks that it is answered well or refused with what may be the client's fault. */
  async function send(method: string, path: string, content?: string): Promise<number> {
    const { status, body } = await server.call(method, path, content);
    assert.ok([200, 400, 404, 405].includes(status), `${status} for ${method} ${path} ${content?.slice(0, 200)}`);
    if (status !== 200 && method !== "HEAD") {
      const { code, message, details } = body as { code: number; message: string; details: unknown[] };
      assert.ok([3, 5, 12].includes(code) && message.length > 0 && Array.isArray(details), JSON.stringify(body));
    }
    return status;
  }

  it("answers bodies whose values were exchanged for others", async () => {
    const random = seeded(1);
    const statuses = new Set<number>();
    for (let i = 0; i < 800; i++) {
      statuses.add(await send("PUT", "/v1/books/1", JSON.stringify(mutated(BOOK, random))));
    }
    assert.deepEqual([...statuses].sort(), [200, 400]);
  });

  it("answers bodies whose characters were exchanged, cut or doubled", async () => {
    const random = seeded(2);
    const text = JSON.stringify(BOOK);
    const statuses = new Set<number>();
    for (let i = 0; i < 800; i++) {
      const at = Math.floor(random() * text.length);
      const insert = random() < 0.5 ? randomText(random) : text.slice(at - 5, at);
      statuses.add(
        await send("PUT", "/v1/books/1", text.slice(0, at) + insert + text.slice(at + Math.floor(random() * 3))),
      );
    }
    assert.deepEqual([...statuses].sort(), [200, 400]);
  });

  it("answers any path and query", async () => {
    const random = seeded(3);
    const words = [
      "v1",
      "shelves",
      "books",
      "files",
      "book",
      "isbn",
      "1",
      "..",
      "",
      "%",
      "%00",
      "%ff",
      ":move",
      "a:move",
    ];
    const names = [
      "page",
      "name",
      "filter",
      "filter.and.and.years",
      "filter.labels",
      "filter.",
      ".",
      "updateMask",
      "x",
    ];
    const pick = (list: string[]) => list[Math.floor(random() * list.length)] ?? "";
    for (let i = 0; i < 1500; i++) {
      const path = Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(words)).join("/");
      const query = `${pick(names)}=${encodeURIComponent(randomText(random))}&${pick(names)}=${pick(words)}&${pick(names)}`;
      await send(pick(["GET", "HEAD", "POST", "PATCH", "DELETE"]), `/${path}?${query}`);
    }
  });

  it("answers bodies that would exhaust a stack or a clock, soon", async () => {
    const started = performance.now();
    const deep = 500_000;
    const texts = [
      "[".repeat(deep),
      `${'{"extra":'.repeat(deep / 5)}`,
      `${`{"sequel_of":`.repeat(deep / 20)}1${"}".repeat(deep / 20)}`,
      `{"authors":[${'{"x":1},'.repeat(deep / 2)}1]}`,
      `{"tags":[${"1,".repeat(deep)}1]}`,
      `{${Array.from({ length: deep / 5 }, (_, i) => `"f${i}":1`).join(",")}}`,
      `"${"a".repeat(deep)}`,
      `"${"\\".repeat(deep)}`,
      `-${"1".repeat(deep)}`,
      '{"__proto__":{"title":"x"},"constructor":1,"toString":2,"copies":{"__proto__":1}}',
    ];
    for (const text of texts) {
      assert.equal(await send("PUT", "/v1/books/1", text), 400, text.slice(0, 20));
    }
    assert.ok(performance.now() - started < 8000);
  });

  it("finds a fault in a text just if JSON.parse does, or a key is there twice", () => {
    const random = seeded(4);
    const tokens = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"b"',
      '"\\u0061"',
      "1",
      "-0.5e+3",
      "01",
      "tru",
      "null",
      " ",
      "\n",
      '"\\x"',
    ];
    let valid = 0;
    for (let i = 0; i < 40_000; i++) {
      const length = 1 + Math.floor(random() * 9);
      const text = Array.from({ length }, () => tokens[Math.floor(random() * tokens.length)]).join("");
      const fault = findJsonFault(text);
      if (isJson(text)) {
        valid++;
        assert.notEqual(fault?.kind, "malformed", text);
      } else {
        assert.notEqual(fault, undefined, text);
      }
    }
    assert.ok(valid > 400, `only ${valid} were valid`);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
