import { LazyHeaders } from "./lazy-headers.ts";

/** As node has the headers of HTTP/1.1 and HTTP/2. */
export type NodeFields = NodeJS.Dict<string | string[]>;

/** Names and values that a real Headers would neither change nor refuse. */
const PLAIN_NAME = /^[a-z0-9_.-]+$/;
const PLAIN_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;

/**
 * Headers over node's object of them, or empty ones. get() and has() read the object, and set() of plain names and values writes to one of its
 * own. A real Headers is made for everything else, such as deletion or values that need validation. Most calls never make one.
 */
export class NodeHeaders extends LazyHeaders {
  protected fields: NodeFields | undefined;
  /** Whether all fields were set here. What was received is somebody else's, and must not change. */
  #isOwn = false;

  /** `fields` were received, and are not copied. */
  constructor(fields?: NodeFields) {
    super();
    this.fields = fields;
  }

  /** These, if anything was set. */
  get touched(): Headers | undefined {
    return this.real ?? (this.#isOwn ? this : undefined);
  }

  get(name: string): string | null {
    if (this.real !== undefined) return this.real.get(name);
    if (this.fields === undefined || name.startsWith(":")) return null;
    const value = this.fields[name] ?? this.fields[name.toLowerCase()];
    if (typeof value === "string") return value;
    return Array.isArray(value) ? value.join(", ") : null; // what else there is, objects have by themselves: "constructor"
  }

  override set(name: string, value: string): void {
    if (!this.#mayHold(name, value)) {
      this.headers.set(name, value);
      return;
    }
    this.fields ??= Object.create(null) as NodeFields;
    this.fields[name] = String(value);
    this.#isOwn = true;
  }

  override append(name: string, value: string): void {
    if (this.has(name)) super.append(name, value);
    else this.set(name, value);
  }

  override delete(name: string): void {
    if (this.has(name)) super.delete(name);
  }

  override [Symbol.iterator]() {
    if (this.real !== undefined || !this.#isOwn) return super[Symbol.iterator]();
    return Object.entries(this.fields as Record<string, string>)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .values();
  }

  #mayHold(name: string, value: string): boolean {
    if (this.real !== undefined || (this.fields !== undefined && !this.#isOwn)) return false;
    return PLAIN_NAME.test(name) && PLAIN_VALUE.test(value);
  }

  protected copyTo(real: Headers): void {
    copyFields(this.fields, real);
  }
}

/** Appends all but the pseudo-headers of HTTP/2. */
export function copyFields(fields: NodeFields | undefined, headers: Headers): void {
  for (const name in fields) {
    if (name.startsWith(":")) continue;
    const value = fields[name];
    if (Array.isArray(value)) for (const one of value) headers.append(name, one);
    else if (value !== undefined) headers.append(name, value);
  }
}
