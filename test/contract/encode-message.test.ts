import assert from "node:assert/strict";
import { create, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import {
  AnySchema,
  anyPack,
  type ListValue,
  ListValueSchema,
  type Struct,
  StructSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
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

function unencodable(): Struct {
  const bad = fromJson(StructSchema, { a: "b", c: 1 });
  Object.assign(bad.fields, { c: create(AnySchema) });
  return bad;
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
    assert.throws(() => encodeMessage(StructSchema, unencodable()));
    const good = fromJson(StructSchema, { a: "b" });
    assert.deepEqual(Buffer.from(encodeMessage(StructSchema, good)), Buffer.from(toBinary(StructSchema, good)));
    assert.equal(encodeMessage(StructSchema, good).buffer, encodeMessage(StructSchema, good).buffer);
  });

  /** A list of one value, whose first use, before anything of it is written, calls a function. */
  function listThat(uses: () => void): ListValue {
    const list = create(ListValueSchema);
    const values = [fromJson(ValueSchema, 1)];
    const get = () => {
      uses();
      return values;
    };
    Object.defineProperty(list, "values", { enumerable: true, get });
    return list;
  }

  it("leaves alone what a getter makes by toBinary, or with a writer, before anything was written", () => {
    const kept: Uint8Array[] = [];
    const early = new BinaryWriter();
    const begun = new BinaryWriter().uint32(300);
    const makers = [
      () => kept.push(toBinary(ValueSchema, fromJson(ValueSchema, "packed"))),
      () => kept.push(anyPack(ValueSchema, fromJson(ValueSchema, "packed")).value),
      () => kept.push(early.string("packed").finish(), early.string("again").finish()),
      () => kept.push(begun.string("packed").finish()),
      () => assert.throws(() => toBinary(StructSchema, unencodable())),
    ];
    for (const make of makers) {
      const twice = () => {
        make();
        make();
      };
      for (const list of [listThat(make), listThat(twice)]) {
        const copies = kept.map((bytes) => Buffer.from(bytes));
        const encoded = Buffer.from(encodeMessage(ListValueSchema, list));
        const made = kept.slice(copies.length).map((bytes) => Buffer.from(bytes));
        for (let n = 0; n < 3; n++) encodeMessage(ValueSchema, fromJson(ValueSchema, "another message's secret"));
        assert.deepEqual(
          kept.map((bytes) => Buffer.from(bytes)),
          [...copies, ...made],
        );
        assert.deepEqual(encoded, Buffer.from(toBinary(ListValueSchema, fromJson(ListValueSchema, [1]))));
      }
    }
    for (const bytes of kept) assert.match(Buffer.from(bytes).toString("latin1"), /(packed|again)$/);
  });

  it("leaves alone what a getter has made of a message that then cannot be encoded", () => {
    let kept: Uint8Array | undefined;
    const list = listThat(() => {
      kept = toBinary(ValueSchema, fromJson(ValueSchema, "packed"));
      throw new Error("no");
    });
    assert.throws(() => encodeMessage(ListValueSchema, list));
    encodeMessage(ValueSchema, fromJson(ValueSchema, "another"));
    assert.equal(String(Buffer.from(kept!)).slice(2), "packed");
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
