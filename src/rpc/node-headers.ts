import { LazyHeaders } from "./lazy-headers.ts";

/** As node has the headers of HTTP/1.1 and HTTP/2. */
export type NodeFields = NodeJS.Dict<string | string[]>;

/** Headers whose get() and has() read node's object of them directly; or empty ones. */
export class NodeHeaders extends LazyHeaders {
  protected fields: NodeFields | undefined;

  /** `fields` were received, and are not copied. */
  constructor(fields?: NodeFields) {
    super();
    this.fields = fields;
  }

  /** The real Headers, if they were needed. For response headers, that means: if one was set. */
  get touched(): Headers | undefined {
    return this.real;
  }

  get(name: string): string | null {
    if (this.real !== undefined) return this.real.get(name);
    if (this.fields === undefined || name.startsWith(":")) return null;
    const value = this.fields[name] ?? this.fields[name.toLowerCase()];
    if (value === undefined) return null;
    return Array.isArray(value) ? value.join(", ") : value;
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
