import type { Buffer } from "node:buffer";

/** Up to that length, a text is made quicker here than by a call of native code. Substrings of it are texts of their own. */
const SHORT = 12;

/** Returns the text, a character for each byte, of bytes from..to. */
export function latin1(bytes: Buffer, from: number, to: number): string {
  const length = to - from;
  if (length > SHORT || from + SHORT > bytes.length) return bytes.toString("latin1", from, to);
  if (length === 0) return "";
  return String.fromCharCode(
    bytes[from]!,
    bytes[from + 1]!,
    bytes[from + 2]!,
    bytes[from + 3]!,
    bytes[from + 4]!,
    bytes[from + 5]!,
    bytes[from + 6]!,
    bytes[from + 7]!,
    bytes[from + 8]!,
    bytes[from + 9]!,
    bytes[from + 10]!,
    bytes[from + 11]!,
  ).substring(0, length);
}
