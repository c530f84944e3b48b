import { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type MetadataValue } from "@grpc/grpc-js";
import { LazyHeaders } from "../lazy-headers.ts";
import { isReservedInGrpc } from "../reserved-headers.ts";

/** The argument of `new Headers()`. */
export type HeadersInit = Iterable<[string, string]> | Record<string, string>;

/** Names and values that a real Headers would neither change nor refuse. */
const PLAIN_NAME = /^[a-z0-9_.-]+$/;
const PLAIN_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;

/**
 * Headers over the Metadata of grpc-js, in both directions. get(), and set() of plain names and values, use the Metadata directly. A real
 * Headers is made for everything else, such as iteration, deletion or values that need validation. Most calls never make one.
 */
export class MetadataHeaders extends LazyHeaders {
  #metadata: Metadata | undefined;

  /** `metadata` was received, and is not copied. */
  constructor(metadata?: Metadata) {
    super();
    this.#metadata = metadata;
  }

  /** Headers from a caller. Throws TypeError for an invalid name or value. */
  static from(init: HeadersInit | undefined): MetadataHeaders {
    const headers = new MetadataHeaders();
    if (init === undefined) return headers;
    const entries = Symbol.iterator in init ? init : Object.entries(init);
    for (const [name, value] of entries) headers.append(name, value);
    return headers;
  }

  /**
   * The Metadata to send. `empty` has the options of the call and is returned if there are no headers. Calls may share it, since grpc-js
   * clones what it is given. Throws ConnectError (INTERNAL) for what HTTP/2 cannot carry.
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

  /** Adds trailers, which come long after the response of a stream was handed out. */
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

/** Headers of the protocol or the connection, which callers cannot set. */
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
