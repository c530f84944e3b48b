// Answers show names that the client chose, but not endlessly, and nothing that cannot be seen.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { create, toBinary } from "@bufbuild/protobuf";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.js";
import { invalidFields } from "../../src/rpc/errors.ts";
import { keySegment, shownName } from "../../src/rpc/field-violations.ts";
import { type RestOrders, startRestOrders } from "../support/rest-orders.ts";

type Refused = { message: string; details: [{ field_violations: { field: string; description: string }[] }] };

const CUT = `${"k".repeat(63)}…`;

describe("names that a client chose", () => {
  let orders: RestOrders;
  before(async () => {
    orders = await startRestOrders();
  });
  after(() => orders.close());

  async function fields(method: string, path: string, content?: unknown): Promise<string[]> {
    const { status, body } = await orders.server.call(method, path, content);
    assert.equal(status, 400);
    return (body as Refused).details[0].field_violations.map((v) => v.field);
  }

  it("are cut to 64 characters: keys, keys of maps, parameters", async () => {
    const key = "k".repeat(800);
    assert.deepEqual(await fields("PUT", "/v1/books/1", { title: "t", [key]: 1 }), [`book["${CUT}"]`]);
    assert.deepEqual(await fields("PUT", "/v1/books/1", { title: "t", copies: { [key]: "x" } }), [
      `book.copies["${CUT}"]`,
    ]);
    assert.deepEqual(await fields("PUT", "/v1/books/1", { title: "t", notes: { [key]: {} } }), [
      `book.notes["${CUT}"].name`,
    ]);
    assert.deepEqual(await fields("GET", `/v1/book?${key}=1`), [CUT]);
  });

  it("show what cannot be seen as escapes", async () => {
    const name = '\u0000\n\u007f\u0085\u202e\u2028\ud800"\\é\u{1f600}';
    const shown = "\\u0000\\u000a\\u007f\\u0085\\u202e\\u2028\\ud800";
    assert.equal(shownName(name), `${shown}"\\é\u{1f600}`);
    assert.equal(keySegment(name), `["${shown}\\"\\\\é\u{1f600}"]`);
    assert.deepEqual(await fields("PUT", "/v1/books/1", { title: "t", [name]: 1 }), [`book${keySegment(name)}`]);
    const { status, body } = await orders.server.call("GET", "/v1/book?a%0Db%1b=1");
    assert.deepEqual([status, (body as Refused).message], [400, "a\\u000db\\u001b: is no query parameter"]);
  });

  it("cut no character in two", () => {
    const name = "\u{1f600}".repeat(70);
    assert.equal(shownName(name), `${"\u{1f600}".repeat(63)}…`);
    assert.equal(shownName("\u{1f600}".repeat(64)), "\u{1f600}".repeat(64));
  });

  it("keep a message below 2 KiB and its detail below 4 KiB, whatever the fields", () => {
    const texts = ["f", "k".repeat(10_000), "\u{1f600}".repeat(5000), "items[0].x".repeat(30)];
    const all = texts.flatMap((field) => texts.map((description) => ({ field, description })));
    for (const violations of [...all.map((v) => Array<typeof v>(40).fill(v)), all, all.toReversed()]) {
      const error = invalidFields(violations);
      const [detail] = error.findDetails(BadRequestSchema);
      assert.ok(Buffer.byteLength(error.rawMessage) < 2048 && error.rawMessage.endsWith("; and more"));
      assert.ok(detail !== undefined && detail.fieldViolations.length > 0);
      assert.ok(toBinary(BadRequestSchema, create(BadRequestSchema, detail)).length < 4096);
    }
  });

  it("are the same in what could not be decoded and in what breaks a rule", async () => {
    const notes = { ["k".repeat(100)]: { name: 5 } };
    assert.deepEqual(await fields("PUT", "/v1/books/1", { title: "t", notes }), [`book.notes["${CUT}"].name`]);
  });
});
