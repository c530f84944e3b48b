import { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type MetadataValue } from "@grpc/grpc-js";
import { LazyHeaders } from "../lazy-headers.ts";
import { isReservedInGrpc } from "../reserved-headers.ts";

/** What `new Headers()` takes. */
export type HeadersInit = Iterable<[string, string]> | Record<string, string>;

/** What a real Headers object would store as it is: such names and values need none of its validation. */
const PLAIN_NAME = /^[a-z0-9_.-]+$/;
const PLAIN_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;

/**
 * Headers over the Metadata of grpc-js, in both directions. Reading and plain writing go straight to the Metadata; a real Headers object
 * is made when somebody iterates or deletes, or writes what needs its validation or is not for the wire. Most calls never make one.
 */
export class MetadataHeaders extends LazyHeaders {
  #metadata: Metadata | undefined;

  /** Received metadata, or none. It is not copied. */
  constructor(metadata?: Metadata) {
    super();
    this.#metadata = metadata;
  }

  /** What a caller gave. Throws TypeError for a name or a value that no header can have. */
  static from(init: HeadersInit | undefined): MetadataHeaders {
    const headers = new MetadataHeaders();
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
    if (headers instanceof MetadataHeaders && headers.real === undefined) {
      headers.#metadata?.setOptions(empty.getOptions());
      return headers.#metadata ?? empty;
    }
    const metadata = new Metadata(empty.getOptions());
    try {
      for (const [name, value] of headers) {
        if (!isReserved(name)) addTo(metadata, name, value);
      }
    } catch (error) {
      throw ConnectError.from(error, Code.Internal);
    }
    return metadata;
  }

  /** Adds what became known later: trailers arrive at the end of a stream whose response was handed out at its beginning. */
  fill(metadata: Metadata): void {
    if (this.#metadata === undefined && this.real === undefined) this.#metadata = metadata;
    else copy(metadata, this.headers);
  }

  get(name: string): string | null {
    if (this.real !== undefined) return this.real.get(name);
    const values = this.#metadata?.get(name);
    if (values === undefined || values.length === 0) return null;
    return values.length === 1 ? textOf(values[0]!) : values.map(textOf).join(", ");
  }

  override set(name: string, value: string): void {
    if (this.real !== undefined || !isPlain(name, value)) {
      this.headers.set(name, value);
      return;
    }
    this.#metadata ??= new Metadata();
    this.#metadata.set(name, String(value));
  }

  override append(name: string, value: string): void {
    if (this.has(name)) this.headers.append(name, value);
    else this.set(name, value);
  }

  override delete(name: string): void {
    if (this.has(name)) super.delete(name);
  }

  protected copyTo(real: Headers): void {
    if (this.#metadata !== undefined) copy(this.#metadata, real);
  }
}

/** Headers that belong to the protocol or to the connection. A caller's are dropped. */
const isReserved = (name: string): boolean => isReservedInGrpc(name) || name.startsWith("connect-");

function isPlain(name: string, value: string): boolean {
  return PLAIN_NAME.test(name) && PLAIN_VALUE.test(value) && !name.endsWith("-bin") && !isReserved(name);
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
