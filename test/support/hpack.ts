// Header blocks as servers compress them (RFC 7541), for tests that read HTTP/2 as bytes.
import type { Buffer } from "node:buffer";

/** The Huffman code is canonical: the symbols of each length, in order. Rarer ones are not sent by servers of ours. */
const SYMBOLS: readonly (readonly [bits: number, symbols: string])[] = [
  [5, "012aceiost"],
  [6, " %-./3456789=A_bdfghlmnpru"],
  [7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"],
  [8, "&*,;XZ"],
  [10, '!"()?'],
  [11, "'+|"],
  [12, "#>"],
  [13, "\u0000$@[]~"],
  [14, "^}"],
  [15, "<`{"],
];

const HUFFMAN = new Map<string, string>();
let code = 0;
let length = 5;
for (const [bits, symbols] of SYMBOLS) {
  code <<= bits - length;
  length = bits;
  for (const symbol of symbols) HUFFMAN.set((code++).toString(2).padStart(bits, "0"), symbol);
}

/** Those of the static table that have a value: answers' statuses. */
const STATUSES = ["200", "204", "206", "304", "400", "404", "500"];
const FIRST_STATUS = 8;

/**
 * The fields of a header block whose sender keeps no table: SETTINGS_HEADER_TABLE_SIZE was 0 from the beginning. Names that the sender took
 * from the static table are empty, but for ":status".
 */
export function headerFields(block: Buffer): (readonly [name: string, value: string])[] {
  const fields: (readonly [string, string])[] = [];
  let at = 0;

  const integer = (prefixBits: number): number => {
    const max = 2 ** prefixBits - 1;
    let value = block[at++]! & max;
    if (value < max) return value;
    for (let shift = 0; at < block.length; shift += 7) {
      const byte = block[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    return value;
  };
  const text = (): string => {
    const isHuffman = (block[at]! & 128) !== 0;
    const size = integer(7);
    const bytes = block.subarray(at, at + size);
    at += size;
    return isHuffman ? decoded(bytes) : bytes.toString("latin1");
  };
  const nameOf = (index: number): string => (index >= FIRST_STATUS && index < FIRST_STATUS + 7 ? ":status" : "");

  while (at < block.length) {
    const first = block[at]!;
    if ((first & 0x80) !== 0) {
      const index = integer(7);
      fields.push([nameOf(index), STATUSES[index - FIRST_STATUS] ?? ""]);
    } else if ((first & 0xe0) === 0x20) integer(5);
    else {
      const index = integer((first & 0x40) === 0 ? 4 : 6);
      const name = index === 0 ? text() : nameOf(index);
      fields.push([name, text()]);
    }
  }
  return fields;
}

function decoded(bytes: Buffer): string {
  let text = "";
  let bits = "";
  for (const byte of bytes) {
    for (const bit of byte.toString(2).padStart(8, "0")) {
      bits += bit;
      const symbol = HUFFMAN.get(bits);
      if (symbol === undefined) continue;
      text += symbol;
      bits = "";
    }
  }
  return text;
}
