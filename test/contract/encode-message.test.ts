import assert from "node:assert/strict";
import { create, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { AnySchema, anyPack, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { encodeMessage } from "../../src/rpc/encode-message.ts";
import { type Random, randomText, seeded } from "../support/random.ts";

/** JSON of any depth and size, with numbers, which are doubles, and texts of all kinds of characters. */
function randomJson(random: Random, depth: number): JsonValue {
  const kind = Math.floor(random() * (depth === 0 ? 3 : 5));
  if (kind === 0) return random() * 1e9;
  if (kind === 1) return random() < 0.5;
  if (kind === 2) return randomText(random).repeat(Math.floor(random() * 40));
  const items = Array.from({ length: Math.floor(random() * 12) }, () => randomJson(random, depth - 1));
  return kind === 3 ? items : Object.fromEntries(items.map((item, i) => [`${i}${randomText(random)}`, item]));
}

describe("encodeMessage", () => {
  it("makes the same bytes as toBinary, of messages of any size", () => {
    const sizes: number[] = [];
    for (let seed = 1; seed <= 400; seed++) {
      const value = fromJson(ValueSchema, randomJson(seeded(seed), 4));
      const bytes = encodeMessage(ValueSchema, value);
      sizes.push(bytes.length);
      assert.deepEqual(Buffer.from(bytes), Buffer.from(toBinary(ValueSchema, value)), `seed ${seed}`);
    }
    assert.ok(Math.min(...sizes) < 16 && Math.max(...sizes) > 20_000, `${Math.min(...sizes)} to ${Math.max(...sizes)}`);
  });

  it("makes no buffer for a message", () => {
    const [a, b] = [1, 2].map((number) => encodeMessage(ValueSchema, fromJson(ValueSchema, number)));
    assert.equal(a!.buffer, b!.buffer);
    assert.equal(encodeMessage(StructSchema, create(StructSchema)).length, 0);
  });

  it("leaves what toBinary has made alone", () => {
    const packed = anyPack(ValueSchema, fromJson(ValueSchema, "first"));
    const before = Buffer.from(packed.value);
    encodeMessage(ValueSchema, fromJson(ValueSchema, "second"));
    assert.deepEqual(Buffer.from(packed.value), before);
    assert.deepEqual(Buffer.from(encodeMessage(AnySchema, packed)), Buffer.from(toBinary(AnySchema, packed)));
  });

  it("goes on after a message that cannot be encoded", () => {
    const bad = fromJson(StructSchema, { a: "b", c: 1 });
    Object.assign(bad.fields, { c: create(AnySchema) });
    assert.throws(() => encodeMessage(StructSchema, bad));
    const good = fromJson(StructSchema, { a: "b" });
    assert.deepEqual(Buffer.from(encodeMessage(StructSchema, good)), Buffer.from(toBinary(StructSchema, good)));
    assert.equal(encodeMessage(StructSchema, good).buffer, encodeMessage(StructSchema, good).buffer);
  });

  it("takes a message with a getter that encodes another one", () => {
    const inner = fromJson(ValueSchema, "inner");
    const outer = fromJson(StructSchema, { a: 1, b: 2 });
    const { b } = outer.fields;
    let within: Buffer | undefined;
    Object.defineProperty(outer.fields, "b", {
      enumerable: true,
      get: () => {
        within = Buffer.from(encodeMessage(ValueSchema, inner));
        return b;
      },
    });
    const bytes = Buffer.from(encodeMessage(StructSchema, outer));
    assert.deepEqual(within, Buffer.from(toBinary(ValueSchema, inner)));
    assert.deepEqual(bytes, Buffer.from(toBinary(StructSchema, fromJson(StructSchema, { a: 1, b: 2 }))));
  });
});
