import { STATIC_ENTRIES, STATIC_FIELDS } from "./static-table.ts";

/** Fields whose values no intermediary may put into a table either (RFC 7541 7.1.3). */
const NEVER_INDEXED: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);

type StaticName = { readonly index: number; readonly values: readonly string[] };

/** Where each name is in the static table; entries of one name are consecutive. */
const STATIC_NAMES = new Map<string, StaticName>();
for (let index = 1; index <= STATIC_ENTRIES; index++) {
  const { name, value } = STATIC_FIELDS[index]!;
  const before = STATIC_NAMES.get(name);
  STATIC_NAMES.set(name, { index: before?.index ?? index, values: [...(before?.values ?? []), value] });
}

const NOT_STATIC: StaticName = { index: 0, values: [] };

/** What an encoder knows of a name. Fields of the dynamic table are known by how many had been added before them. */
export class EncodedName {
  /** Whether its values go into the dynamic table. */
  readonly indexed: boolean;
  /** Whether its literals say that they must never be indexed. */
  readonly neverIndexed: boolean;
  readonly #staticIndex: number;
  readonly #staticValues: readonly string[];
  /** How its literals begin, if that is known; it changes with the dynamic table unless the name is not indexed. */
  literalStart: Uint8Array | undefined;
  #added: Map<string, number> | undefined;
  #lastValue = "";
  /** Of the last value that was looked for and found, or added; -1 while there is none. */
  #last = -1;
  /** Of the last one that was added. */
  #newest = -1;

  constructor(name: string, indexed: boolean) {
    const { index, values } = STATIC_NAMES.get(name) ?? NOT_STATIC;
    this.neverIndexed = NEVER_INDEXED.has(name);
    this.indexed = indexed && !this.neverIndexed;
    this.literalStart = undefined;
    this.#staticIndex = index;
    this.#staticValues = this.neverIndexed ? [] : values;
  }

  /** Returns the index of the field with that value while the dynamic table has `size` fields, or 0. */
  indexOf(value: string, size: number): number {
    const values = this.#staticValues;
    for (let i = 0; i < values.length; i++) if (values[i] === value) return this.#staticIndex + i;
    if (this.#last < 0) return 0;
    if (this.#lastValue !== value) {
      const added = this.#added?.get(value);
      if (added === undefined) return 0;
      this.#lastValue = value;
      this.#last = added;
    }
    return STATIC_ENTRIES + size - this.#last;
  }

  /** Returns the index of a field with that name, or 0. */
  indexOfName(size: number): number {
    if (this.#staticIndex !== 0 || this.#newest < 0) return this.#staticIndex;
    return STATIC_ENTRIES + size - this.#newest;
  }

  /** Notes a field that comes into the dynamic table, which had `size` fields before. */
  added(value: string, size: number): void {
    this.#added ??= new Map();
    this.#added.set(value, size);
    this.#lastValue = value;
    this.#last = size;
    this.#newest = size;
  }
}
