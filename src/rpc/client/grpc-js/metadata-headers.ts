import { Buffer } from "node:buffer";
import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type MetadataValue } from "@grpc/grpc-js";
import { LazyHeaders } from "../../lazy-headers.ts";
import { isReservedInGrpc } from "../../reserved-headers.ts";

/** Headers over the Metadata that grpc-js received. get() reads it directly; a real Headers is made for everything else. */
export class MetadataHeaders extends LazyHeaders {
  #metadata: Metadata | undefined;

  /** `metadata` was received, and is not copied. */
  constructor(metadata?: Metadata) {
    super();
    this.#metadata = metadata;
  }

  /** The Metadata to send, with the options of `empty`. Throws ConnectError (INTERNAL) for what HTTP/2 cannot carry. */
  static toMetadata(headers: Headers, empty: Metadata): Metadata {
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

  protected copyTo(real: Headers): void {
    if (this.#metadata !== undefined) copy(this.#metadata, real);
  }
}

/** Headers of the protocol or the connection, which callers cannot set. */
const isReserved = (name: string): boolean => isReservedInGrpc(name) || name.startsWith("connect-");

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
