import { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type MetadataValue } from "@grpc/grpc-js";

/** What `new Headers()` takes. */
export type HeadersInit = Iterable<[string, string]> | Record<string, string>;

/** What a real Headers object would store as it is: such names and values need none of its validation. */
const PLAIN_NAME = /^[a-z0-9_.-]+$/;
const PLAIN_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;

/** Headers that belong to the protocol or to the connection. A caller's are dropped. */
const RESERVED = new RegExp(
  "^(?:grpc-(?:timeout|encoding|accept-encoding|status|message|status-details-bin)|connect-.*|content-type|content-length|te|host" +
    "|connection|proxy-connection|keep-alive|transfer-encoding|upgrade|http2-settings)$",
);

/**
 * Headers over the Metadata of grpc-js, in both directions. Reading and plain writing go straight to the Metadata; a real Headers object
 * is made when somebody iterates or deletes, or writes what needs its validation or is not for the wire. Most calls never make one.
 */
export class LazyHeaders implements Headers {
  #metadata: Metadata | undefined;
  #real: Headers | undefined;

  /** Received metadata, or none. It is not copied. */
  constructor(metadata?: Metadata) {
    this.#metadata = metadata;
  }

  /** What a caller gave. Throws TypeError for a name or a value that no header can have. */
  static from(init: HeadersInit | undefined): LazyHeaders {
    const headers = new LazyHeaders();
    if (init === undefined) return headers;
    const entries = Symbol.iterator in init ? init : Object.entries(init);
    for (const [name, value] of entries) headers.append(name, value);
    return headers;
  }

  /**
   * What to send. `empty` has the options of the call, is given back when there are no headers, and may be shared by all calls: grpc-js
   * clones what it gets. Throws ConnectError (INTERNAL) for what HTTP/2 cannot carry.
   */
  static toMetadata(headers: Headers, empty: Metadata): Metadata {
    if (headers instanceof LazyHeaders && headers.#real === undefined) {
      headers.#metadata?.setOptions(empty.getOptions());
      return headers.#metadata ?? empty;
    }
    const metadata = new Metadata(empty.getOptions());
    try {
      for (const [name, value] of headers) {
        if (!RESERVED.test(name)) addTo(metadata, name, value);
      }
    } catch (error) {
      throw ConnectError.from(error, Code.Internal);
    }
    return metadata;
  }

  /** Adds what became known later: trailers arrive at the end of a stream whose response was handed out at its beginning. */
  fill(metadata: Metadata): void {
    if (this.#metadata === undefined && this.#real === undefined) this.#metadata = metadata;
    else copy(metadata, this.#headers());
  }

  get(name: string): string | null {
    if (this.#real !== undefined) return this.#real.get(name);
    const values = this.#metadata?.get(name);
    if (values === undefined || values.length === 0) return null;
    return values.length === 1 ? textOf(values[0]!) : values.map(textOf).join(", ");
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    if (this.#real !== undefined || !isPlain(name, value)) {
      this.#headers().set(name, value);
      return;
    }
    this.#metadata ??= new Metadata();
    this.#metadata.set(name, String(value));
  }

  append(name: string, value: string): void {
    if (this.has(name)) this.#headers().append(name, value);
    else this.set(name, value);
  }

  delete(name: string): void {
    if (this.has(name)) this.#headers().delete(name);
  }

  forEach(callback: (value: string, key: string, parent: Headers) => void, thisArg?: unknown): void {
    this.#headers().forEach(callback, thisArg);
  }

  keys() {
    return this.#headers().keys();
  }

  values() {
    return this.#headers().values();
  }

  entries() {
    return this.#headers().entries();
  }

  getSetCookie(): string[] {
    return this.#headers().getSetCookie();
  }

  [Symbol.iterator]() {
    return this.#headers()[Symbol.iterator]();
  }

  #headers(): Headers {
    if (this.#real === undefined) {
      this.#real = new Headers();
      if (this.#metadata !== undefined) copy(this.#metadata, this.#real);
    }
    return this.#real;
  }
}

// So that `x instanceof Headers` holds, as interceptors and Connect's own helpers expect.
Object.setPrototypeOf(LazyHeaders.prototype, Headers.prototype);

function isPlain(name: string, value: string): boolean {
  return PLAIN_NAME.test(name) && PLAIN_VALUE.test(value) && !name.endsWith("-bin") && !RESERVED.test(name);
}

function textOf(value: MetadataValue): string {
  return typeof value === "string" ? value : value.toString("base64");
}

function addTo(metadata: Metadata, name: string, value: string): void {
  if (!name.endsWith("-bin")) {
    metadata.add(name, value);
    return;
  }
  for (const part of value.split(",")) metadata.add(name, Buffer.from(part.trim(), "base64"));
}

function copy(metadata: Metadata, headers: Headers): void {
  for (const [name, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of [values].flat()) headers.append(name, String(value));
  }
}
