/** What each entry adds to the size of a table or a list, besides its name and value (RFC 7541 4.1, RFC 9113 6.5.2). */
export const ENTRY_OVERHEAD = 32;

/** A header field as it was decoded. */
export class Field {
  readonly name: string;
  readonly value: string;
  /** Its size in a table or a list. */
  readonly bytes: number;
  readonly nameWellFormed: boolean;
  /** Name and value. */
  readonly wellFormed: boolean;

  constructor(name: string, value: string, nameWellFormed: boolean, valueWellFormed: boolean) {
    this.name = name;
    this.value = value;
    this.bytes = name.length + value.length + ENTRY_OVERHEAD;
    this.nameWellFormed = nameWellFormed;
    this.wellFormed = nameWellFormed && valueWellFormed;
  }
}
