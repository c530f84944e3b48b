/** Flags of a byte: what it says about the text that holds it. Those of a text are the flags of all its bytes together. */
export const NOT_IN_NAME = 1;
export const NOT_IN_VALUE = 2;
export const COLON = 4;
/** As many bits as the flags take. */
export const FLAG_BITS = 3;

/** By byte. */
export const CHARACTER_FLAGS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (character === ":") return COLON;
  const inName = /[a-z0-9!#$%&'*+.^_`|~-]/.test(character);
  const inValue = byte === 0x09 || (byte >= 0x20 && byte !== 0x7f);
  return (inName ? 0 : NOT_IN_NAME) | (inValue ? 0 : NOT_IN_VALUE);
});

/** Whether it is a token in lower case, with a colon before if it is a pseudo-header. */
export function isFieldName(name: string, flags: number): boolean {
  if ((flags & NOT_IN_NAME) !== 0) return false;
  if ((flags & COLON) !== 0) return name.length > 1 && name.lastIndexOf(":") === 0;
  return name !== "";
}

/** Whether it has no control characters but tabs, and neither begins nor ends with white space. */
export function isFieldValue(value: string, flags: number): boolean {
  if ((flags & NOT_IN_VALUE) !== 0) return false;
  return value === "" || !(isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1)));
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
