// What is wrong with a JSON text as a message.
import assert from "node:assert/strict";
import { createRegistry, fromJsonString, type JsonValue } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.js";
import { CreateOrderRequestSchema } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { jsonFault } from "../../src/rpc/rest/json-request.ts";
import { BookSchema, FilterSchema, LibraryService } from "../gen/library/v1/library_pb.js";
import { BOOK, mutated } from "../support/mutated.ts";
import { seeded } from "../support/random.ts";

const registry = createRegistry(LibraryService.file);
const strict = { registry, ignoreUnknownFields: false };
const lenient = { registry, ignoreUnknownFields: true };

const book = (json: JsonValue, options = strict) => jsonFault(BookSchema, JSON.stringify(json), options);
const isTaken = (json: JsonValue) => book(json) === undefined;
const order = (price: JsonValue) =>
  jsonFault(CreateOrderRequestSchema, JSON.stringify({ items: [{ price }] }), strict)?.rawMessage;

const LOOSE = [
  "0x10",
  "0X1F",
  "0b1",
  "0o7",
  "",
  " 1",
  "1 ",
  "\t1",
  "1_0",
  "+1",
  "1.",
  ".5",
  "1e",
  "e1",
  "--1",
  "1n",
  "٣",
  "01",
  "-",
];

describe("the fault of a JSON text", () => {
  it("is a number in a string that is not decimal", () => {
    for (const text of LOOSE) {
      assert.equal(order(text), "items[0].price: must be a number", text);
      assert.equal(book({ id: text })?.rawMessage, "id: must be an integer (int64)", text);
      assert.equal(book({ reader: text })?.rawMessage, "reader: must be an integer of 0 or more (uint32)", text);
      const [copies, authors] = [{ here: text }, [{ born: 1 }, { born: text }]];
      assert.equal(book({ copies })?.rawMessage, 'copies["here"]: must be an integer (int32)', text);
      assert.equal(book({ authors })?.rawMessage, "authors[1].born: must be an integer (int32)", text);
      const filter = jsonFault(FilterSchema, JSON.stringify({ years: [1, text], max_price: text }), strict);
      assert.equal(filter?.rawMessage, "years[1]: must be an integer (int32); max_price: must be a number", text);
    }
    for (const text of ["-infinity", "nan", "inf", "+Infinity", "1e999"]) {
      assert.equal(order(text), "items[0].price: must be a number", text);
    }
  });

  it("is no decimal number in a string", () => {
    for (const text of ["0", "29.99", "-1.5", "1e2", "1E+2", "NaN", "Infinity", "-Infinity", "-0"]) {
      assert.equal(order(text), undefined, text);
    }
    for (const text of ["0", "-9223372036854775808", "9223372036854775807"]) assert.ok(isTaken({ id: text }), text);
    for (const value of ["100", "1e2", 1e2, "1.0"]) assert.ok(isTaken({ reader: value }), String(value));
    assert.ok(!isTaken({ reader: "1.5" }));
  });

  it("is a number beyond all bounds, whatever its length", () => {
    for (const number of ["1e999999", "9".repeat(60_000), `-${"9".repeat(60_000)}`]) {
      const fault = (json: string) => jsonFault(BookSchema, json, strict)?.rawMessage;
      assert.equal(fault(`{"id": ${number}}`), "id: must be an integer (int64)");
      assert.equal(fault(`{"id": "${number}"}`), "id: must be an integer (int64)");
      assert.equal(fault(`{"reader": "${number}"}`), "reader: must be an integer of 0 or more (uint32)");
      assert.equal(fault(`{"extra": {"a": [${number}]}}`), "extra: must be the JSON of google.protobuf.Struct");
    }
  });

  it("is a duration with something after it", () => {
    const fault = (max_age: string) => jsonFault(FilterSchema, JSON.stringify({ max_age }), strict)?.rawMessage;
    for (const text of ["1sec", "1.s", "1.1234567890s", "0x1s", "1", "+1s"]) {
      assert.equal(fault(text), "max_age: must be a duration in seconds such as 1.5s", text);
    }
    assert.equal(fault("-1.500s"), undefined);
  });

  it("shows line and column, or the fields, and no values", () => {
    assert.equal(jsonFault(BookSchema, '{\n"id": secret}', strict)?.rawMessage, "malformed JSON at line 2, column 7");
    const twice = jsonFault(BookSchema, '{"id": 1, "id": 2}', lenient);
    assert.equal(twice?.rawMessage, "an object of the JSON has a key again at line 1, column 11");
    const fault = book({ id: "secret", tags: ["a", 1], title: "T" });
    assert.deepEqual(
      fault?.findDetails(BadRequestSchema).flatMap((d) => d.fieldViolations.map((v) => v.field)),
      ["id", "tags[1]"],
    );
    assert.equal(jsonFault(StringValueSchema, "1", strict)?.rawMessage, "must be a string");
    assert.equal(jsonFault(StringValueSchema, '"1"', strict), undefined);
  });

  it("is an unknown key only where it counts", () => {
    assert.equal(book({ titel: "T" })?.rawMessage, "titel: is unknown");
    assert.equal(book({ titel: "T", sequel_of: { x: 1 }, kind: "KIND_NEW" }, lenient), undefined);
    assert.equal(book({ titel: "T", id: "x" }, lenient)?.rawMessage, "id: must be an integer (int64)");
  });

  it("is there just if the decoder refuses the text, for texts without loose numbers", () => {
    const random = seeded(7);
    const counts = { taken: 0, refused: 0 };
    for (let i = 0; i < 4000; i++) {
      const text = JSON.stringify(mutated(BOOK, random));
      for (const options of [strict, lenient]) {
        const taken = takes(text, options);
        assert.equal(jsonFault(BookSchema, text, options) === undefined, taken, text);
        counts[taken ? "taken" : "refused"]++;
      }
    }
    assert.ok(counts.taken > 1000 && counts.refused > 1000, JSON.stringify(counts));
  });
});

function takes(text: string, options: typeof strict): boolean {
  try {
    fromJsonString(BookSchema, text, options);
    return true;
  } catch {
    return false;
  }
}
