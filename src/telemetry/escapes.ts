/** Whether a text has an escape that withoutEscapes() replaces. */
export const hasEscapes = (text: string): boolean => ESCAPE.test(text);

const ESCAPE =
  /%(?:[2-7][\da-f]|0[9ad]|u00)|\\(?:u00|u\{|x[2-7])|&(?:#|amp;|bsol;|colon;|commat;|equals;|lowbar;|nbsp;|newline;|num;|percnt;|period;|plus;|semi;|sol;|tab;|underbar;)/i;

/** Entities of HTML for what stands in addresses, tokens and escapes. */
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: "&", bsol: "\\", colon: ":", commat: "@", equals: "=", lowbar: "_", nbsp: " ", newline: "\n" },
  ...{ num: "#", percnt: "%", period: ".", plus: "+", semi: ";", sol: "/", tab: "\t", underbar: "_" },
};

/** Of an entity or \u{…}, between its ends. */
const MAX_INNER = 12;

/** The codes of characters: of % \ & # ; { } u x. */
const C = { percent: 37, backslash: 92, ampersand: 38, hash: 35, semicolon: 59, open: 123, close: 125, u: 117, x: 120 };

/** What an escape at the end of the codes stands for, and where it begins. */
type Escape = { readonly start: number; readonly code: number };

/**
 * The text with all ASCII characters as they are, however often they were escaped: by percent-encoding, as \u0040, \x40 or \u{40}, or as
 * entities of HTML. What is malformed stays. Takes linear time: a character is looked at when it comes and may end an escape, and what that
 * stands for is looked at in the same way, since it may be part of another one.
 */
export function withoutEscapes(text: string): string {
  const codes = new Uint16Array(text.length);
  let length = 0;
  /** Where the last "&#" is. */
  let entity = -1;

  function put(code: number): void {
    let next: Escape | undefined = { start: length, code };
    while (next !== undefined) {
      length = next.start;
      if (entity >= 0) endEntity(next.code);
      codes[length++] = next.code;
      if (next.code === C.hash && codes[length - 2] === C.ampersand) entity = length - 2;
      next = escapeAtEnd(codes, length);
      if (next !== undefined && !isPlain(next.code)) next = undefined;
    }
  }

  /** The semicolon of a number may be missing, before what can be no part of it, nor begin an escape of that. */
  function endEntity(code: number): void {
    const digits = length - entity - 2;
    if (digits < 1 || digits > MAX_INNER || codes[entity] !== C.ampersand) {
      if (digits !== 0) entity = -1;
      return;
    }
    const isHexadecimal = (codes[entity + 2]! | 0x20) === C.x;
    if (code === C.semicolon || (isHexadecimal ? isHex(code) : isDigit(code))) return;
    if (code === C.percent || code === C.backslash || code === C.ampersand) return;
    const ended = entityBetween(codes, entity, length);
    entity = -1;
    if (ended === undefined || !isPlain(ended.code)) return;
    length = ended.start;
    put(ended.code);
  }

  for (let i = 0; i < text.length; i++) put(text.charCodeAt(i));
  return fromCodes(codes, 0, length);
}

function escapeAtEnd(codes: Uint16Array, length: number): Escape | undefined {
  const last = codes[length - 1]!;
  if (isHex(last)) return hexadecimal(codes, length);
  if (last === C.semicolon || last === C.close) {
    const opening = last === C.semicolon ? C.ampersand : C.open;
    const stop = Math.max(0, length - MAX_INNER - 2);
    for (let at = length - 2; at >= stop; at--) {
      if (codes[at] === opening) return (last === C.semicolon ? entityBetween : bracedBetween)(codes, at, length - 1);
    }
  }
  // An escaped backslash; only so many are left that the rest of the text is one escape less deep.
  if (last === C.backslash && length > 1 && codes[length - 2] === C.backslash) return { start: length - 2, code: last };
  return undefined;
}

/** %40, \x40 or \u0040; some write %u0040. */
function hexadecimal(codes: Uint16Array, length: number): Escape | undefined {
  const tens = codes[length - 2] ?? 0;
  if (length < 3 || !isHex(tens)) return undefined;
  const code = 16 * hexValue(tens) + hexValue(codes[length - 1]!);
  if (codes[length - 3] === C.percent) return { start: length - 3, code };
  if (length > 3 && codes[length - 4] === C.backslash && (codes[length - 3]! | 0x20) === C.x)
    return { start: length - 4, code };
  const isUnicode = length > 5 && codes[length - 3] === 0x30 && codes[length - 4] === 0x30;
  if (!isUnicode || (codes[length - 5]! | 0x20) !== C.u) return undefined;
  const first = codes[length - 6];
  return first === C.backslash || first === C.percent ? { start: length - 6, code } : undefined;
}

/** \u{40}, by the places of its braces. */
function bracedBetween(codes: Uint16Array, open: number, close: number): Escape | undefined {
  if (open < 2 || codes[open - 2] !== C.backslash || (codes[open - 1]! | 0x20) !== C.u) return undefined;
  const digits = fromCodes(codes, open + 1, close);
  return /^[\da-f]+$/i.test(digits) ? { start: open - 2, code: Number.parseInt(digits, 16) } : undefined;
}

/** An entity, by the place of its ampersand and its end. */
function entityBetween(codes: Uint16Array, start: number, end: number): Escape | undefined {
  const name = fromCodes(codes, start + 1, end).toLowerCase();
  const [, hex, decimal] = /^#(?:x([\da-f]+)|(\d+))$/.exec(name) ?? [];
  if (hex !== undefined) return { start, code: Number.parseInt(hex, 16) };
  if (decimal !== undefined) return { start, code: Number(decimal) };
  return Object.hasOwn(ENTITIES, name) ? { start, code: ENTITIES[name]!.charCodeAt(0) } : undefined;
}

/** A printable character of ASCII, or white space. */
const isPlain = (code: number): boolean => (code >= 0x20 && code < 0x7f) || code === 9 || code === 10 || code === 13;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isHex = (code: number): boolean => isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
const hexValue = (code: number): number => (isDigit(code) ? code - 0x30 : (code | 0x20) - 0x57);

const CHUNK = 8192;

function fromCodes(codes: Uint16Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i += CHUNK) text += String.fromCharCode(...codes.subarray(i, Math.min(i + CHUNK, end)));
  return text;
}
