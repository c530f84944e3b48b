import type { Buffer } from "node:buffer";
import { isFieldName } from "./characters.ts";
import { latin1 } from "./text.ts";

/** Names up to that length are kept, one at each place, for all connections: few are in use, and making a text anew takes longer. */
const MAX_KEPT_LENGTH = 32;
const PLACES = 256;

/** A name as it was decoded. */
export class Name {
  readonly text: string;
  readonly wellFormed: boolean;

  constructor(text: string, wellFormed: boolean) {
    this.text = text;
    this.wellFormed = wellFormed;
  }
}

const NONE = new Name("", false);
const kept: Name[] = Array.from({ length: PLACES }, () => NONE);
/** The names again, to compare them. */
const keptBytes = new Uint8Array(PLACES * MAX_KEPT_LENGTH);

/** Returns the name at bytes from..to. @param flags of these bytes. */
export function nameOf(bytes: Buffer, from: number, to: number, flags: number): Name {
  const length = to - from;
  if (length === 0) return NONE;
  if (length > MAX_KEPT_LENGTH) return decode(bytes, from, to, flags);
  const middle = bytes[from + (length >> 1)]!;
  const place = (length + bytes[from]! * 7 + middle * 31 + bytes[to - 1]! * 131) & (PLACES - 1);
  const start = place * MAX_KEPT_LENGTH;
  const found = kept[place]!;
  if (found.text.length === length) {
    let i = 0;
    while (i < length && keptBytes[start + i] === bytes[from + i]) i++;
    if (i === length) return found;
  }
  for (let i = 0; i < length; i++) keptBytes[start + i] = bytes[from + i]!;
  const name = decode(bytes, from, to, flags);
  kept[place] = name;
  return name;
}

function decode(bytes: Buffer, from: number, to: number, flags: number): Name {
  const text = latin1(bytes, from, to);
  return new Name(text, isFieldName(text, flags));
}
