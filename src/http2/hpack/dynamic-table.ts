import { ENTRY_OVERHEAD, Field } from "./field.ts";

/** What a place in the ring refers to while no entry is there, so that evicted ones need no memory. */
const NONE = new Field("", "", false, false);

/** The decoder's dynamic table (RFC 7541 2.3.2): the newest field comes first, the oldest ones make room for it. */
export class DynamicTable {
  /** A ring; its size is a power of two. */
  readonly #ring: Field[];
  readonly #mask: number;
  /** Where the next field goes. */
  #next = 0;
  #bytes = 0;
  #maxBytes: number;
  /** How many fields are in. */
  length = 0;

  /** @param limit the most that the table's size may ever be set to. */
  constructor(maxBytes: number, limit: number) {
    this.#maxBytes = maxBytes;
    const entries = Math.max(1, Math.floor(limit / ENTRY_OVERHEAD));
    const size = 2 ** Math.ceil(Math.log2(entries));
    this.#ring = Array.from({ length: size }, () => NONE);
    this.#mask = size - 1;
  }

  /** Returns the field that came so many fields before the newest one; it must be there. */
  at(age: number): Field {
    return this.#ring[(this.#next - 1 - age) & this.#mask]!;
  }

  /** Adds a field after evicting what leaves no room for it; a field larger than the table leaves it empty. */
  add(field: Field): void {
    const room = this.#maxBytes - field.bytes;
    if (this.#bytes > room) this.#shrinkTo(room);
    if (room < 0) return;
    this.#ring[this.#next] = field;
    this.#next = (this.#next + 1) & this.#mask;
    this.#bytes += field.bytes;
    this.length++;
  }

  /** Sets its size, which must be within the limit, and evicts what no longer fits. */
  setMaxBytes(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#shrinkTo(maxBytes);
  }

  #shrinkTo(bytes: number): void {
    while (this.#bytes > bytes && this.length > 0) {
      const oldest = (this.#next - this.length) & this.#mask;
      this.#bytes -= this.#ring[oldest]!.bytes;
      this.#ring[oldest] = NONE;
      this.length--;
    }
  }
}
