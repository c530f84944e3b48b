import type { Buffer } from "node:buffer";
import { EncodedName } from "./encoded-name.ts";
import { ENTRY_OVERHEAD } from "./field.ts";
import { MAX_INTEGER_BYTES, writeInteger, writeText } from "./writing.ts";

const MAX_TABLE_BYTES = 4096;
/** Names of which something is kept although they are not indexed; others are looked up again each time. */
const MAX_NAMES = 64;
const MAX_NAME_LENGTH = 64;
/** Lists of encodeShared() that are kept. */
const MAX_SHARED_LISTS = 256;
/** Copying so many bytes one by one is quicker than a call. */
const FEW_BYTES = 48;

/** What a shared list became while the table was at that version. */
type SharedBlock = { readonly version: number; readonly bytes: Uint8Array };

/**
 * Encodes the header blocks of a connection (RFC 7541). Blocks must be sent in the order in which they were encoded, and all of them. Literals
 * are without Huffman code, and nothing is ever evicted from the dynamic table, so that indexes only shift when something is added.
 */
export class HeaderEncoder {
  readonly #indexed: ReadonlySet<string>;
  #names = new Map<string, EncodedName>();
  readonly #shared = new Map<readonly string[], SharedBlock>();
  /** Fields of the dynamic table, and their size. */
  #fields = 0;
  #bytes = 0;
  /** Changes with each change of the dynamic table. */
  #version = 0;
  #maxTableBytes = MAX_TABLE_BYTES;
  /** The least size of the table since the last block, if it changed since then; else -1. */
  #minTableBytes = -1;

  /**
   * @param indexed names whose values repeat from message to message: they go into the dynamic table until it is full. Other fields are literals
   * without indexing; credentials and cookies are never indexed.
   */
  constructor(indexed: ReadonlySet<string>) {
    this.#indexed = indexed;
  }

  /** Uses as much of the peer's SETTINGS_HEADER_TABLE_SIZE as is of use. The next block tells of a change. */
  setMaxTableBytes(bytes: number): void {
    const maxTableBytes = Math.min(bytes, MAX_TABLE_BYTES);
    if (maxTableBytes === this.#maxTableBytes) return;
    if (maxTableBytes < this.#bytes) this.#clearTable();
    this.#maxTableBytes = maxTableBytes;
    this.#minTableBytes = this.#minTableBytes < 0 ? maxTableBytes : Math.min(this.#minTableBytes, maxTableBytes);
  }

  /** How many bytes encode() and encodeShared() may need for a list. */
  static bound(fields: readonly string[]): number {
    // Each text has its length before, and each field an index; before the first one there may be two sizes.
    let bytes = 2 * MAX_INTEGER_BYTES;
    for (let i = 0; i < fields.length; i++) bytes += fields[i]!.length + 2 * MAX_INTEGER_BYTES;
    return bytes;
  }

  /**
   * Appends an encoded list, of names in lower case and values in turn, to `out` at `at`, where there must be room for bound(). Returns the end.
   * Throws a TypeError if a name or a value has a character that is not Latin-1 or that would end a line or a string; then nothing of the block
   * may be sent, also not what came before this list, but later blocks may.
   */
  encode(fields: readonly string[], out: Buffer, at: number): number {
    let end = this.#minTableBytes < 0 ? at : this.#writeTableSize(out, at);
    for (let i = 0; i < fields.length; i += 2) end = this.#writeField(fields[i]!, fields[i + 1]!, out, end);
    return end;
  }

  /**
   * The same for a list that is sent again and again as the very same array, which must not change: what it became is kept, and copied as long as
   * the dynamic table stays as it was. Lists may be encoded one after the other for one block.
   */
  encodeShared(fields: readonly string[], out: Buffer, at: number): number {
    const start = this.#minTableBytes < 0 ? at : this.#writeTableSize(out, at);
    const kept = this.#shared.get(fields);
    const version = this.#version;
    if (kept !== undefined && kept.version === version) return copy(kept.bytes, out, start);
    const end = this.encode(fields, out, start);
    if (this.#version === version) this.#keep(fields, { version, bytes: new Uint8Array(out.subarray(start, end)) });
    return end;
  }

  /** Must be called if what was encoded last is not sent. */
  abandonBlock(): void {
    // The peer may lack fields, and not know of a size; an empty table is right in any case.
    this.#clearTable();
    this.#minTableBytes = 0;
  }

  #writeField(name: string, value: string, out: Buffer, at: number): number {
    const known = this.#names.get(name) ?? this.#learn(name, out, at);
    const index = known.indexOf(value, this.#fields);
    if (index !== 0) return writeInteger(out, at, 0x80, 0x7f, index);
    const start = known.literalStart;
    if (start !== undefined) return this.#writeValue(name, value, out, copy(start, out, at));
    const bytes = this.#bytes + name.length + value.length + ENTRY_OVERHEAD;
    if (!known.indexed || bytes > this.#maxTableBytes) {
      return this.#writeValue(name, value, out, this.#writeLiteralStart(known, name, out, at));
    }
    const nameIndex = known.indexOfName(this.#fields);
    let end = writeInteger(out, at, 0x40, 0x3f, nameIndex);
    if (nameIndex === 0) end = this.#writeName(name, out, end);
    end = this.#writeValue(name, value, out, end);
    known.added(value, this.#fields++);
    this.#bytes = bytes;
    this.#version++;
    return end;
  }

  /** Of a literal that is not indexed. */
  #writeLiteralStart(known: EncodedName, name: string, out: Buffer, at: number): number {
    const nameIndex = known.indexOfName(this.#fields);
    const end = writeInteger(out, at, known.neverIndexed ? 0x10 : 0x00, 0x0f, nameIndex);
    return nameIndex === 0 ? this.#writeName(name, out, end) : end;
  }

  #writeName(name: string, out: Buffer, at: number): number {
    const end = writeText(out, at, name);
    return end < 0 ? this.#refuse(`name ${JSON.stringify(name)}`) : end;
  }

  #writeValue(name: string, value: string, out: Buffer, at: number): number {
    const end = writeText(out, at, value);
    return end < 0 ? this.#refuse(`value of ${JSON.stringify(name)}`) : end;
  }

  #learn(name: string, out: Buffer, at: number): EncodedName {
    const known = new EncodedName(name, this.#indexed.has(name));
    if (known.indexed) {
      this.#names.set(name, known);
    } else if (this.#names.size < MAX_NAMES && name.length <= MAX_NAME_LENGTH) {
      const end = this.#writeLiteralStart(known, name, out, at); // which will be overwritten
      known.literalStart = new Uint8Array(out.subarray(at, end));
      this.#names.set(name, known);
    }
    return known;
  }

  #refuse(what: string): never {
    this.abandonBlock();
    throw new TypeError(`Invalid character in the ${what}`);
  }

  #writeTableSize(out: Buffer, at: number): number {
    let end = at;
    if (this.#minTableBytes < this.#maxTableBytes) end = writeInteger(out, end, 0x20, 0x1f, this.#minTableBytes);
    this.#minTableBytes = -1;
    return writeInteger(out, end, 0x20, 0x1f, this.#maxTableBytes);
  }

  #clearTable(): void {
    this.#names = new Map();
    this.#fields = 0;
    this.#bytes = 0;
    this.#version++;
  }

  #keep(fields: readonly string[], block: SharedBlock): void {
    if (this.#shared.size >= MAX_SHARED_LISTS && !this.#shared.has(fields)) {
      const [oldest] = this.#shared.keys();
      this.#shared.delete(oldest!);
    }
    this.#shared.set(fields, block);
  }
}

function copy(bytes: Uint8Array, out: Buffer, at: number): number {
  const { length } = bytes;
  if (length > FEW_BYTES) out.set(bytes, at);
  else for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
  return at + length;
}
