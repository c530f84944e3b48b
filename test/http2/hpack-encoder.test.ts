// What the encoder writes; that others can read it is tested with a foreign peer.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { HeaderDecoder } from "../../src/http2/hpack/decoder.ts";
import { HeaderEncoder } from "../../src/http2/hpack/encoder.ts";

const SECRETS = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

describe("the encoder", () => {
  let encoder: HeaderEncoder;
  let decoder: HeaderDecoder;
  const out = Buffer.alloc(20_000);

  beforeEach(() => {
    encoder = new HeaderEncoder(new Set(["a", "b", ":path", "content-type", ...SECRETS]));
    decoder = new HeaderDecoder(4096);
  });

  /** Encodes lists one after the other and returns the bytes, after looking what they become. */
  function encode(...lists: (readonly string[])[]): string {
    let end = 3;
    for (const list of lists) {
      const bound = end + HeaderEncoder.bound(list);
      end = encoder.encode(list, out, end);
      assert.ok(end <= bound);
    }
    return read(3, end, lists.flat());
  }

  function encodeShared(list: readonly string[], own: readonly string[] = []): string {
    return read(3, encoder.encode(own, out, encoder.encodeShared(list, out, 3)), [...list, ...own]);
  }

  function read(start: number, end: number, list: readonly string[]): string {
    const fields: string[] = [];
    decoder.decode(out, start, end, fields, 1e9);
    assert.deepEqual(fields, list);
    return out.toString("hex", start, end);
  }

  it("uses the static table for values and names", () => {
    assert.equal(
      encode([":method", "POST", ":scheme", "http", ":status", "404", "accept-encoding", "gzip, deflate"]),
      "83868d90",
    );
    assert.equal(encode([":method", "PUT", "etag", "1"]), "0203505554" + "0f130131");
  });

  it("adds values of the names that it was told of", () => {
    const list = ["a", "1", ":path", "/a", "c", "1"];
    assert.equal(encode(list), "4001610131" + "44022f61" + "0001630131");
    assert.equal(encode(list), "bf" + "be" + "0001630131");
    assert.equal(encode(["a", "2", "a", "1", "a", "2"]), "7f000132" + "c0" + "be");
  });

  it("never indexes secrets", () => {
    const list = SECRETS.flatMap((name) => [name, ""]);
    for (let i = 0; i < 2; i++) assert.equal(encode(list), "1f0800" + "1f1100" + "1f2200" + "1f2800");
  });

  it("adds nothing to a full table, of which it goes on using what is there", () => {
    const long = "v".repeat(2000);
    encode(["a", "1", "a", long, "b", long]);
    assert.ok(encode(["a", `2${long}`]).startsWith("0f2f" + "7fd20e"));
    assert.equal(encode(["a", "1", "a", long, "b", "3"]), "bf" + "be" + "4001620133");
    assert.equal(encode(["b", "3", "a", "1"]), "be" + "c0");
  });

  it("keeps more names than it remembers apart", () => {
    for (let round = 0; round < 3; round++) {
      const list = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? `name-${i}-${"n".repeat(i % 100)}` : `${i}`));
      encode(list, ["a", "1"]);
    }
  });

  it("copies shared lists while the table is as it was", () => {
    const list = [":method", "POST", "a", "1", "c", "2"];
    const own = ["c", "3", "cookie", "4"];
    const literal = "0001630132";
    const ownHex = "0001630133" + "1f110134";
    assert.equal(encodeShared(list, own), `834001610131${literal}${ownHex}`);
    for (let i = 0; i < 3; i++) assert.equal(encodeShared(list, own), `83be${literal}${ownHex}`);
    encode(["b", "1"]);
    for (let i = 0; i < 3; i++) assert.equal(encodeShared(list, own), `83bf${literal}${ownHex}`);
    encoder.setMaxTableBytes(0);
    assert.equal(encodeShared(list), `20830001610131${literal}`);
    assert.equal(encodeShared(list), `830001610131${literal}`);
    for (let i = 0; i < 1000; i++) encodeShared(["d", `${i}`.repeat(1 + (i % 50))]);
    assert.equal(encodeShared(list), `830001610131${literal}`);
  });

  it("tells of the table's size when it changes, and of the least one in between", () => {
    encoder.setMaxTableBytes(65_536);
    assert.equal(encode(["a", "1"]), "4001610131");
    encoder.setMaxTableBytes(100);
    assert.equal(encode(["a", "1"]), "3f45" + "be");
    encoder.setMaxTableBytes(34);
    encoder.setMaxTableBytes(4096);
    assert.equal(encode(["a", "1"]), "3f03" + "3fe11f" + "be");
    encoder.setMaxTableBytes(33);
    encoder.setMaxTableBytes(80);
    assert.equal(encode(["a", "1"]), "3f02" + "3f31" + "4001610131");
    assert.equal(encode(["a", "1"]), "be");
    encoder.setMaxTableBytes(0);
    assert.equal(encode(["a", "1"]), "20" + "0001610131");
    assert.equal(encode(["a", "1"]), "0001610131");
  });

  it("goes on after a character that may not be in a field", () => {
    const list = ["a", "1", "b", "2"];
    encode(list);
    for (const bad of ["\0", "a\r", "\na", "\u0100", "z".repeat(50).concat("\n"), "z".repeat(50).concat("\u20ac")]) {
      const refused = { name: "TypeError", message: /"b"/ };
      assert.throws(() => encoder.encode(["a", "7", "b", bad], out, encoder.encodeShared(["b", "8"], out, 0)), refused);
      assert.throws(() => encoder.encodeShared(["b", bad], out, 0), refused);
      const named = { name: "TypeError", message: new RegExp(RegExp.escape(JSON.stringify(`x${bad}`))) };
      assert.throws(() => encoder.encode([`x${bad}`, "7"], out, 0), named);
      encode(list);
      assert.equal(encode(list), "bfbe");
    }
  });

  it("goes on after a block that was not sent", () => {
    encoder.setMaxTableBytes(200);
    encoder.encode(["a", "1", "b", "2"], out, 0);
    encoder.abandonBlock();
    assert.equal(encode(["b", "2"]), "20" + "3fa901" + "4001620132");
    assert.equal(encode(["b", "2"]), "be");
  });

  it("writes what the decoder reads, whatever happens between blocks", () => {
    const character = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 10 && code !== 13);
    const text = fc.array(character, { maxLength: 200 }).map((codes) => String.fromCharCode(...codes));
    const field = fc.tuple(
      fc.oneof(fc.constantFrom("a", "b", ":path", "x", "etag"), text),
      fc.oneof(fc.constantFrom("", "1"), text),
    );
    const list = fc.array(field, { maxLength: 8 }).map((fields) => fields.flat());
    const step = fc.record({ list, shared: fc.nat(9), maxTableBytes: fc.option(fc.nat(4500)), abandon: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(list, { minLength: 10, maxLength: 10 }),
        fc.array(step, { maxLength: 40 }),
        (lists, steps) => {
          encoder = new HeaderEncoder(new Set(["a", "b", ":path"]));
          decoder = new HeaderDecoder(4096);
          for (const { list, shared, maxTableBytes, abandon } of steps) {
            if (maxTableBytes !== null) encoder.setMaxTableBytes(maxTableBytes);
            if (abandon) {
              encoder.encode(list, out, encoder.encodeShared(lists[shared]!, out, 3));
              encoder.abandonBlock();
            }
            encodeShared(lists[shared]!, list);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
