import { CHARACTER_FLAGS, FLAG_BITS } from "./characters.ts";
import { HpackError } from "./hpack-error.ts";
import { CODES_OF_LENGTH, EOS, FIRST_CODE, FIRST_SYMBOL, MAX_CODE_BITS, SYMBOLS } from "./huffman-code.ts";

/** As many bits are looked up at a time: enough for two of the usual characters. */
const LOOKUP_BITS = 12;

// An entry of the lookup table: one or two symbols from the lowest bits on, their codes' length, their number, and their flags.
const BITS_SHIFT = 16;
const COUNT_SHIFT = 20;
const FLAGS_SHIFT = 22;

/** By the next bits of a text; 0 if they begin a longer code, or if no text begins so. */
const LOOKUP = lookupTable();

function lookupTable(): Int32Array {
  const table = new Int32Array(1 << LOOKUP_BITS);
  for (let window = 0; window < table.length; window++) {
    const first = shortCode(window, LOOKUP_BITS);
    if (first === undefined) continue;
    const left = LOOKUP_BITS - first.bits;
    const second = shortCode(window & ((1 << left) - 1), left);
    const bits = first.bits + (second?.bits ?? 0);
    const flags = CHARACTER_FLAGS[first.symbol]! | (second === undefined ? 0 : CHARACTER_FLAGS[second.symbol]!);
    const symbols = first.symbol | ((second?.symbol ?? 0) << 8);
    const count = second === undefined ? 1 : 2;
    table[window] = symbols | (bits << BITS_SHIFT) | (count << COUNT_SHIFT) | (flags << FLAGS_SHIFT);
  }
  return table;
}

/** Returns the symbol whose code the window of so many bits begins with, unless the window is too short for it. */
function shortCode(window: number, width: number): { symbol: number; bits: number } | undefined {
  for (let bits = 1; bits <= width; bits++) {
    const place = (window >> (width - bits)) - FIRST_CODE[bits]!;
    if (place < CODES_OF_LENGTH[bits]!) return { symbol: SYMBOLS[FIRST_SYMBOL[bits]! + place]!, bits };
  }
  return undefined;
}

/** How many bytes a text of so many bytes may become: the shortest code has five bits. The decoder writes up to three bytes further. */
export function decodedBound(bytes: number): number {
  return Math.floor((bytes * 8) / 5) + 4;
}

/**
 * Decodes a text in Huffman code, bytes start..end of the source, into the target. Returns its length, shifted left by FLAG_BITS, and the flags
 * of its bytes. Throws HpackError.
 */
export function decodeHuffman(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  const stop = end * 8;
  let at = start * 8; // in bits
  let length = 0;
  let flags = 0;
  while (at < stop) {
    const i = at >> 3;
    // Holds at least 25 bits, which is enough for two look-ups, and for those on the way no branch that depends on the data.
    const window = wordAt(source, i, end) << (at & 7);
    const first = LOOKUP[window >>> (32 - LOOKUP_BITS)]!;
    if (first !== 0) {
      const bits = (first >> BITS_SHIFT) & 15;
      // Where there is one symbol only, the next one will overwrite the second byte.
      target[length] = first;
      target[length + 1] = first >> 8;
      length += (first >> COUNT_SHIFT) & 3;
      const second = LOOKUP[(window << bits) >>> (32 - LOOKUP_BITS)]!; // if 0, it adds nothing
      target[length] = second;
      target[length + 1] = second >> 8;
      length += (second >> COUNT_SHIFT) & 3;
      flags |= first | second;
      at += bits + ((second >> BITS_SHIFT) & 15);
    } else {
      if (stop - at < 8 && isPadding(source[end - 1]!, stop - at)) break;
      const code = longCode(window, i + 4 < end ? source[i + 4]! : 0xff, at & 7);
      const bits = lengthOf(code);
      const symbol = SYMBOLS[FIRST_SYMBOL[bits]! + (code >>> (MAX_CODE_BITS - bits)) - FIRST_CODE[bits]!]!;
      if (symbol === EOS) throw new HpackError("end of string within a Huffman code");
      target[length++] = symbol;
      flags |= CHARACTER_FLAGS[symbol]! << FLAGS_SHIFT;
      at += bits;
    }
  }
  if (at > stop) throw new HpackError("truncated Huffman code or wrong padding");
  return (length << FLAG_BITS) | (flags >> FLAGS_SHIFT);
}

/** Returns four bytes as one word. Beyond the end come ones, as in the padding. */
function wordAt(source: Uint8Array, i: number, end: number): number {
  if (i + 3 < end) return (source[i]! << 24) | (source[i + 1]! << 16) | (source[i + 2]! << 8) | source[i + 3]!;
  let word = -1;
  for (let at = i; at < end; at++) word = (word << 8) | source[at]!;
  const missing = (i + 4 - end) * 8;
  return (word << missing) | ((1 << missing) - 1);
}

function isPadding(lastByte: number, bits: number): boolean {
  const ones = (1 << bits) - 1;
  return (lastByte & ones) === ones;
}

/** Returns as many bits as the longest code has. @param window lacks the bits that were shifted out; they are in the byte that follows. */
function longCode(window: number, following: number, shifted: number): number {
  return (window | (following >> (8 - shifted))) >>> (32 - MAX_CODE_BITS);
}

/** Returns the length of the code that those bits begin with, which is not in the lookup table. */
function lengthOf(code: number): number {
  let bits = LOOKUP_BITS + 1;
  while ((code >>> (MAX_CODE_BITS - bits)) - FIRST_CODE[bits]! >= CODES_OF_LENGTH[bits]!) bits++;
  return bits;
}
