// What the decoder refuses, and what it tells of lists that it takes.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { HeaderDecoder } from "../../src/http2/hpack/decoder.ts";
import { HeaderEncoder } from "../../src/http2/hpack/encoder.ts";
import { HpackError } from "../../src/http2/hpack/hpack-error.ts";
import { CODE_BITS, FIRST_CODE, FIRST_SYMBOL, SYMBOLS } from "../../src/http2/hpack/huffman-code.ts";
import { writeInteger } from "../../src/http2/hpack/writing.ts";

function decode(hex: string, decoder = new HeaderDecoder(4096), maxListBytes = 1e9): string[] {
  const block = Buffer.from(`00${hex.replaceAll(" ", "")}00`, "hex");
  const fields: string[] = [];
  decoder.decode(block, 1, block.length - 1, fields, maxListBytes);
  return fields;
}

describe("the decoder refuses", () => {
  const faults = {
    "index 0": "80",
    "an index beyond the table": "be",
    "a name's index beyond the table": "7e 00",
    "a truncated index": "ff",
    "an index whose last byte is missing": "ff 80",
    "an index that is too large": "ff ff ff ff ff 0f",
    "an integer that has too many bytes": "ff 80 80 80 80 00",
    "a name without a value": "40 01 61",
    "a literal without a name": "40",
    "a literal without a value after an index": "44",
    "a truncated name": "40 02 61",
    "a truncated value": "44 02 61",
    "a value of a length that is too large": "44 7f ff ff ff ff ff",
    "a value of a length beyond the block": "44 7f ff ff ff 7f",
    "a size update after a field": "82 20",
    "a size update beyond the maximum": "3f e2 1f",
    "a truncated size update": "3f",
    "padding of eight bits": "44 82 1f ff",
    "padding of more than eight bits": "44 84 ff ff ff ff",
    "nothing but a byte of padding": "44 81 ff",
    "padding with a zero in it": "44 81 1e",
    "padding that is all zeros": "44 81 18",
    "a truncated code": "44 82 ff fe",
    EOS: "44 84 ff ff ff fc",
    "EOS after a character": "44 85 1f ff ff ff ff",
  };
  for (const [what, hex] of Object.entries(faults)) {
    it(what, () => void assert.throws(() => decode(hex), HpackError));
  }

  it("nothing but with its own error, whatever comes", () => {
    for (let i = 0; i < 20_000; i++) {
      const decoder = new HeaderDecoder(256);
      const block = randomBytes(1 + (i % 80));
      if (i % 2 === 0) block[0] = 0x44;
      try {
        for (let part = 0; part < 2; part++) {
          const fields: string[] = [];
          decoder.decode(block, 0, block.length, fields, 4000);
          assert.ok(fields.every((text) => typeof text === "string"));
        }
      } catch (error) {
        if (!(error instanceof HpackError)) throw error;
      }
    }
  });
});

describe("the decoder takes", () => {
  it("each byte in Huffman code, at each place of a byte", () => {
    const codes = new Map<number, string>();
    for (const [place, symbol] of SYMBOLS.entries()) {
      const bits = CODE_BITS[symbol]!;
      codes.set(symbol, (FIRST_CODE[bits]! + place - FIRST_SYMBOL[bits]!).toString(2).padStart(bits, "0"));
    }
    assert.equal(codes.get(256), "1".repeat(30));
    for (const before of ["", "a", "aa", "aaa", "0a-", "#", "\\", "~~", "\xff", "\n\x80"]) {
      for (let byte = 0; byte < 256; byte++) {
        const text = before + String.fromCharCode(byte, byte);
        const bits = [...Buffer.from(text, "latin1")].map((each) => codes.get(each)).join("");
        const hex = [...`${bits}1111111`.matchAll(/.{8}/g)].map(([octet]) => Number.parseInt(octet, 2));
        const value = Buffer.from(hex).toString("hex");
        const length = (0x80 + hex.length).toString(16);
        assert.deepEqual(decode(`04 ${length} ${value}`), [":path", text]);
      }
    }
  });

  it("several size updates before the first field, which empty the table", () => {
    const decoder = new HeaderDecoder(4096);
    decode("40 01 61 01 62", decoder);
    assert.deepEqual(decode("20 3f e1 1f 82", decoder), [":method", "GET"]);
    assert.throws(() => decode("be", decoder), HpackError);
  });

  it("a field larger than the table, which empties it", () => {
    const decoder = new HeaderDecoder(4096);
    decode(`3f 09 40 01 61 01 62`, decoder); // 40 bytes, of which it takes 34
    assert.deepEqual(decode("be", decoder), ["a", "b"]);
    const large = `40 01 61 08 ${"62".repeat(8)}`;
    assert.deepEqual(decode(large, decoder), ["a", "b".repeat(8)]);
    assert.throws(() => decode("be", decoder), HpackError);
  });

  it("a field whose name is that of the one it evicts", () => {
    const decoder = new HeaderDecoder(4096);
    decode("3f 09 40 01 61 01 62", decoder);
    assert.deepEqual(decode("7e 01 63 be", decoder), ["a", "c", "a", "c"]);
    assert.throws(() => decode("bf", decoder), HpackError);
  });

  it("more fields than fit, of which it keeps the newest", () => {
    const decoder = new HeaderDecoder(4096);
    for (let i = 0; i < 1000; i++)
      decode(`40 00 02 ${Buffer.from(String(i % 100).padStart(2, "0")).toString("hex")}`, decoder);
    assert.deepEqual(decode("be bf ff 00", decoder), ["", "99", "", "98", "", "34"]); // a hundred and twenty fit
    assert.deepEqual(decode("ff 36", decoder), ["", "80"]);
    assert.throws(() => decode("ff 37", decoder), HpackError);
  });

  it("texts of many sizes in Huffman code", () => {
    for (const bytes of [5, 130, 4095, 4100, 100_000]) {
      const length = Buffer.alloc(6);
      const end = writeInteger(length, 0, 0x80, 0x7f, bytes);
      const zeros = `04 ${length.toString("hex", 0, end)} ${"00".repeat(bytes)}`; // five bits are a character
      assert.deepEqual(decode(zeros), [":path", "0".repeat((bytes * 8) / 5)]);
    }
  });

  it("texts of many sizes, whatever the size of the table", () => {
    const decoder = new HeaderDecoder(0);
    for (const length of [0, 1, 11, 12, 13, 126, 127, 128, 4095, 4096, 4097, 100_000]) {
      const list = ["n".repeat(length), "v".repeat(length)];
      const out = Buffer.alloc(HeaderEncoder.bound(list));
      const end = new HeaderEncoder(new Set()).encode(list, out, 0);
      assert.deepEqual(decode(out.subarray(0, end).toString("hex"), decoder), list);
    }
  });
});

describe("the decoder tells", () => {
  it("the size of a list, of which it returns what is within the maximum", () => {
    const decoder = new HeaderDecoder(4096);
    decode(`40 01 61 7f a1 1e ${"62".repeat(4000)}`, decoder);
    assert.equal(decoder.listBytes, 4033);
    assert.deepEqual(decode(`82 ${"be".repeat(10_000)} 40 01 63 01 64 82`, decoder, 4100), [
      ...[":method", "GET", "a", "b".repeat(4000)],
    ]);
    assert.equal(decoder.listBytes, 2 * 42 + 10_000 * 4033 + 34);
    assert.deepEqual(decode("be", decoder), ["c", "d"]);
    assert.equal(decoder.listBytes, 34);
  });

  it("whether names and values are well-formed", () => {
    const text = (value: string) =>
      `${value.length.toString(16).padStart(2, "0")}${Buffer.from(value, "latin1").toString("hex")}`;
    const wellFormed = (name: string, value: string) => {
      const decoder = new HeaderDecoder(4096);
      decode(`40 ${text(name)} ${text(value)}`, decoder);
      const asLiteral = decoder.wellFormed;
      decode("be", decoder);
      assert.equal(decoder.wellFormed, asLiteral);
      decode("82", decoder);
      assert.equal(decoder.wellFormed, true);
      decode("7e 00", decoder);
      assert.equal(decoder.wellFormed, wellFormedNames.includes(name));
      return asLiteral;
    };
    const wellFormedNames = ["a", ":a", "a-b_c.9!#$%&'*+^`|~"];
    for (const name of wellFormedNames) assert.equal(wellFormed(name, "b"), true, name);
    for (const name of ["", ":", "a:", "a:b", "::a", "A", "a b", "a\0", "\xe4", "a\x7f", "a(", " a"]) {
      assert.equal(wellFormed(name, "b"), false, JSON.stringify(name));
    }
    for (const value of ["", "b", "b\t c", "a:b", "\xe4\x80\xff"]) assert.equal(wellFormed("a", value), true, value);
    for (const value of [" ", "\t", " b", "b ", "\tb", "b\t", "b\0c", "b\rc", "b\nc", "b\x01c", "b\x1fc", "b\x7fc"]) {
      assert.equal(wellFormed("a", value), false, JSON.stringify(value));
    }
  });
});
