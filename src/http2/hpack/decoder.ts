import { Buffer } from "node:buffer";
import { CHARACTER_FLAGS, FLAG_BITS, isFieldValue } from "./characters.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { Field } from "./field.ts";
import { HpackError } from "./hpack-error.ts";
import { decodedBound, decodeHuffman } from "./huffman.ts";
import { nameOf } from "./names.ts";
import { STATIC_ENTRIES, STATIC_FIELDS } from "./static-table.ts";
import { latin1 } from "./text.ts";

/** The size of a dynamic table until it is told to be another one (RFC 9113 6.5.2). */
const INITIAL_TABLE_BYTES = 4096;
/** Integers of more continuation bytes than that are no sizes or indexes that anyone means. */
const MAX_INTEGER_SHIFT = 21;

/** Texts up to that size are decoded without allocating a buffer. */
const SHORT_TEXT_BYTES = 4096;
const SHORT_TEXT = Buffer.allocUnsafeSlow(decodedBound(SHORT_TEXT_BYTES));

/** Decodes the header blocks of a connection (RFC 7541). */
export class HeaderDecoder {
  readonly #maxTableBytes: number;
  readonly #table: DynamicTable;
  /** Of the block that is being decoded: where to go on. */
  #at = 0;
  /** The bytes of the text that was read last, and their flags. */
  #textBytes: Buffer = SHORT_TEXT;
  #textStart = 0;
  #textEnd = 0;
  #textFlags = 0;

  /** Of the last block: the size of its list (RFC 9113 6.5.2). If it exceeds what was allowed, fields are missing. */
  listBytes = 0;
  /**
   * Of the last block: whether each name is a token in lower case, with a colon before for pseudo-headers, and each value without white space
   * at its ends and control characters other than tabs.
   */
  wellFormed = true;

  /** @param maxTableBytes what the peer is told as SETTINGS_HEADER_TABLE_SIZE. Until it has said that it uses another size, it uses 4096. */
  constructor(maxTableBytes: number) {
    this.#maxTableBytes = maxTableBytes;
    this.#table = new DynamicTable(INITIAL_TABLE_BYTES, Math.max(INITIAL_TABLE_BYTES, maxTableBytes));
  }

  /**
   * Decodes a whole header block, bytes start..end of `block`. Appends names and values in turn to `fields` as long as the list's size is within
   * maxListBytes; what comes then is only decoded, as later blocks may refer to it. Throws HpackError; after that, the decoder is of no use.
   */
  decode(block: Buffer, start: number, end: number, fields: string[], maxListBytes: number): void {
    this.#at = start;
    let listBytes = 0;
    let wellFormed = true;
    let begun = false;
    while (this.#at < end) {
      const byte = block[this.#at++]!;
      let field: Field;
      if (byte >= 0x80) {
        field = this.#entry(byte === 0xff ? this.#integer(block, end, 0x7f) : byte & 0x7f);
      } else if (byte >= 0x40) {
        field = this.#literal(block, end, byte & 0x3f, 0x3f);
        this.#table.add(field);
      } else if (byte < 0x20) {
        field = this.#literal(block, end, byte & 0x0f, 0x0f);
      } else {
        if (begun) throw new HpackError("size update after a field");
        this.#updateSize(block, end, byte & 0x1f);
        continue;
      }
      begun = true;
      if (!field.wellFormed) wellFormed = false;
      listBytes += field.bytes;
      if (listBytes <= maxListBytes) fields.push(field.name, field.value);
    }
    this.#textBytes = SHORT_TEXT; // so that the block is not kept
    this.listBytes = listBytes;
    this.wellFormed = wellFormed;
  }

  #entry(index: number): Field {
    if (index <= STATIC_ENTRIES) {
      if (index === 0) throw new HpackError("index 0");
      return STATIC_FIELDS[index]!;
    }
    const age = index - STATIC_ENTRIES - 1;
    if (age >= this.#table.length) throw new HpackError("index beyond the table");
    return this.#table.at(age);
  }

  /** @param prefix the first byte's bits of the name's index, which are all ones if more bytes follow. */
  #literal(block: Buffer, end: number, prefix: number, ones: number): Field {
    let name: string;
    let nameWellFormed: boolean;
    if (prefix === 0) {
      this.#readText(block, end);
      const literal = nameOf(this.#textBytes, this.#textStart, this.#textEnd, this.#textFlags);
      name = literal.text;
      nameWellFormed = literal.wellFormed;
    } else {
      const named = this.#entry(prefix === ones ? this.#integer(block, end, ones) : prefix);
      name = named.name;
      nameWellFormed = named.nameWellFormed;
    }
    this.#readText(block, end);
    const value = latin1(this.#textBytes, this.#textStart, this.#textEnd);
    return new Field(name, value, nameWellFormed, isFieldValue(value, this.#textFlags));
  }

  #updateSize(block: Buffer, end: number, prefix: number): void {
    const maxBytes = prefix === 0x1f ? this.#integer(block, end, 0x1f) : prefix;
    if (maxBytes > this.#maxTableBytes) throw new HpackError("table size beyond what was announced");
    this.#table.setMaxBytes(maxBytes);
  }

  /** Reads the bytes that follow a prefix of ones. */
  #integer(block: Buffer, end: number, ones: number): number {
    let value = ones;
    for (let shift = 0; shift <= MAX_INTEGER_SHIFT; shift += 7) {
      if (this.#at >= end) throw new HpackError("truncated integer");
      const byte = block[this.#at++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new HpackError("integer too large");
  }

  #readText(block: Buffer, end: number): void {
    const at = this.#at;
    if (at >= end) throw new HpackError("truncated field");
    const byte = block[at]!;
    this.#at = at + 1;
    const length = (byte & 0x7f) === 0x7f ? this.#integer(block, end, 0x7f) : byte & 0x7f;
    const start = this.#at;
    const stop = start + length;
    if (stop > end) throw new HpackError("truncated text");
    this.#at = stop;
    if (byte >= 0x80) {
      const target = length <= SHORT_TEXT_BYTES ? SHORT_TEXT : Buffer.allocUnsafeSlow(decodedBound(length));
      const decoded = decodeHuffman(block, start, stop, target);
      this.#textBytes = target;
      this.#textStart = 0;
      this.#textEnd = decoded >> FLAG_BITS;
      this.#textFlags = decoded & ((1 << FLAG_BITS) - 1);
    } else {
      let flags = 0;
      for (let i = start; i < stop; i++) flags |= CHARACTER_FLAGS[block[i]!]!;
      this.#textBytes = block;
      this.#textStart = start;
      this.#textEnd = stop;
      this.#textFlags = flags;
    }
  }
}
