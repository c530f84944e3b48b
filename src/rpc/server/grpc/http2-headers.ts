import type { IncomingHttpHeaders } from "node:http2";

/**
 * Stands in for a Headers: get() and has() read the HTTP/2 header object itself, everything else makes a real Headers, once. Most calls
 * read two or three headers or none, and a Headers costs more than the rest of such a call's bookkeeping.
 */
export class Http2Headers implements Headers {
  readonly #raw: IncomingHttpHeaders | undefined;
  #real: Headers | undefined;

  constructor(raw?: IncomingHttpHeaders) {
    this.#raw = raw;
  }

  /** The real Headers, if anybody needed it; so for response headers: if anybody set one. */
  get touched(): Headers | undefined {
    return this.#real;
  }

  get(name: string): string | null {
    if (this.#real !== undefined) return this.#real.get(name);
    if (this.#raw === undefined || name.startsWith(":")) return null;
    const value = this.#raw[name] ?? this.#raw[name.toLowerCase()];
    if (value === undefined) return null;
    return Array.isArray(value) ? value.join(", ") : value;
  }
  has(name: string): boolean {
    return this.get(name) !== null;
  }

  append(name: string, value: string): void {
    this.#open().append(name, value);
  }
  set(name: string, value: string): void {
    this.#open().set(name, value);
  }
  delete(name: string): void {
    this.#open().delete(name);
  }
  forEach(callback: (value: string, name: string, parent: Headers) => void, thisArg?: unknown): void {
    this.#open().forEach(callback, thisArg);
  }
  keys() {
    return this.#open().keys();
  }
  values() {
    return this.#open().values();
  }
  entries() {
    return this.#open().entries();
  }
  getSetCookie(): string[] {
    return this.#open().getSetCookie();
  }
  [Symbol.iterator]() {
    return this.#open()[Symbol.iterator]();
  }

  #open(): Headers {
    if (this.#real !== undefined) return this.#real;
    const real = new Headers();
    this.#real = real;
    for (const name in this.#raw) {
      if (name.startsWith(":")) continue;
      const value = this.#raw[name];
      if (Array.isArray(value)) for (const one of value) real.append(name, one);
      else if (value !== undefined) real.append(name, value);
    }
    return real;
  }
}
Object.setPrototypeOf(Http2Headers.prototype, Headers.prototype); // so that `x instanceof Headers` holds
