/** The code's longest codes, one of which is that of EOS. */
export const MAX_CODE_BITS = 30;
/** The symbol that never occurs in a text; ones at the end of a text are the beginning of its code. */
export const EOS = 256;

/** How many bits the code of each byte and of EOS has (RFC 7541 appendix B). */
export const CODE_BITS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];

/** The symbols by code. The code is canonical: shorter codes are less than longer ones, and those of one length are consecutive. */
export const SYMBOLS = Uint16Array.from(CODE_BITS.keys()).sort((a, b) => CODE_BITS[a]! - CODE_BITS[b]! || a - b);

/** By length of code: the first one, and where its symbol is in SYMBOLS; the others of that length follow. */
export const FIRST_CODE = new Int32Array(MAX_CODE_BITS + 1);
export const FIRST_SYMBOL = new Int32Array(MAX_CODE_BITS + 1);
/** By length of code: how many there are. */
export const CODES_OF_LENGTH = new Int32Array(MAX_CODE_BITS + 1);

for (const bits of CODE_BITS) CODES_OF_LENGTH[bits]!++;
for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
  const before = CODES_OF_LENGTH[bits - 1]!;
  FIRST_CODE[bits] = (FIRST_CODE[bits - 1]! + before) * 2;
  FIRST_SYMBOL[bits] = FIRST_SYMBOL[bits - 1]! + before;
}
