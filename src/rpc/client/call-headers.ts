import { Code, ConnectError } from "@connectrpc/connect";
import { copyFields, type NodeFields, NodeHeaders } from "../node-headers.ts";
import { isReservedInGrpc } from "../reserved-headers.ts";

/** The argument of `new Headers()`. */
export type HeadersInit = Iterable<[string, string]> | Record<string, string>;

const PRINTABLE = /^[ -~]*$/;

/** Headers over the fields of HTTP/2, in both directions. */
export class CallHeaders extends NodeHeaders {
  /** Headers from a caller. Throws TypeError for an invalid name or value. */
  static from(init: HeadersInit | undefined): CallHeaders {
    const headers = new CallHeaders();
    if (init === undefined) return headers;
    const entries = Symbol.iterator in init ? init : Object.entries(init);
    for (const [name, value] of entries) headers.append(name, value);
    return headers;
  }

  /** Appends names and values to the fields of a request. Throws ConnectError (INTERNAL) for a value that HTTP/2 cannot carry. */
  static addTo(fields: string[], headers: Headers): void {
    if (headers instanceof CallHeaders && headers.real === undefined) {
      for (const name in headers.fields) fields.push(name, String(headers.fields[name]));
      return;
    }
    headers.forEach((value, name) => {
      if (isReserved(name)) return;
      if (!PRINTABLE.test(value)) throw new ConnectError(`the value of ${name} is not printable ASCII`, Code.Internal);
      fields.push(name, value);
    });
  }

  /** Adds trailers, which come long after the response of a stream was handed out. */
  fill(fields: NodeFields): void {
    if (this.fields === undefined && this.real === undefined) this.fields = fields;
    else copyFields(fields, this.headers);
  }

  override set(name: string, value: string): void {
    if (isReserved(name)) this.headers.set(name, value);
    else super.set(name, value);
  }
}

/** Headers of the protocol or the connection, which callers cannot set. */
const isReserved = (name: string): boolean =>
  isReservedInGrpc(name) || name === "user-agent" || name.startsWith("connect-");
