import type { IncomingHttpHeaders } from "node:http2";
import { LazyHeaders } from "../../lazy-headers.ts";

/** Headers whose get() and has() read the header object of HTTP/2 directly; or empty ones, for a handler to set. */
export class Http2Headers extends LazyHeaders {
  readonly #fields: IncomingHttpHeaders | undefined;

  constructor(fields?: IncomingHttpHeaders) {
    super();
    this.#fields = fields;
  }

  /** The real Headers, if they were needed. For response headers, that means: if one was set. */
  get touched(): Headers | undefined {
    return this.real;
  }

  get(name: string): string | null {
    if (this.real !== undefined) return this.real.get(name);
    if (this.#fields === undefined || name.startsWith(":")) return null;
    const value = this.#fields[name] ?? this.#fields[name.toLowerCase()];
    if (value === undefined) return null;
    return Array.isArray(value) ? value.join(", ") : value;
  }

  protected copyTo(real: Headers): void {
    for (const name in this.#fields) {
      if (name.startsWith(":")) continue;
      const value = this.#fields[name];
      if (Array.isArray(value)) for (const one of value) real.append(name, one);
      else if (value !== undefined) real.append(name, value);
    }
  }
}
