import type { Buffer } from "node:buffer";

/** Buffers have it, although it is not documented; write() takes twice as long, as it looks for the encoding first. */
type Latin1Buffer = Buffer & { latin1Write(text: string, at: number, length: number): number };

/** From that length on, the engine's own loops over a text are quicker than one here. */
const LONG = 12;
const INVALID = /[\0\r\n\u0100-\uffff]/;

/** How many bytes an integer takes at most, as long as it is a length of a string or an index. */
export const MAX_INTEGER_BYTES = 6;

/** Writes an integer whose first byte has other bits as well (RFC 7541 5.1), and returns the end. @param ones the most that fits the prefix. */
export function writeInteger(out: Uint8Array, at: number, otherBits: number, ones: number, value: number): number {
  if (value < ones) {
    out[at] = otherBits | value;
    return at + 1;
  }
  out[at++] = otherBits | ones;
  let rest = value - ones;
  for (; rest >= 0x80; rest >>>= 7) out[at++] = rest | 0x80; // the array keeps the lowest eight bits
  out[at++] = rest;
  return at;
}

/** Whether writeText() writes it. */
export const isSendable = (text: string): boolean => !INVALID.test(text);

/** Writes a text, a byte for each character, without Huffman code. Returns the end, or -1 if a character may not be in a field. */
export function writeText(out: Buffer, at: number, text: string): number {
  const { length } = text;
  const start = writeInteger(out, at, 0, 0x7f, length);
  if (length >= LONG) {
    if (INVALID.test(text)) return -1;
    (out as Latin1Buffer).latin1Write(text, start, length);
  } else {
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x0e ? code === 0x0d || code === 0x0a || code === 0 : code > 0xff) return -1;
      out[start + i] = code;
    }
  }
  return start + length;
}
