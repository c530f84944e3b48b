import { isReservedInGrpc } from "../../reserved-headers.ts";

/** With more, clients on nghttp2 would end the connection with all its calls. */
const MAX_CUSTOM_CHARS = 16 << 10;

/** Calls `add` for each header that a handler may set. Throws an Error if they exceed 16 KiB. */
export function forEachCustom(headers: Headers | undefined, add: (name: string, value: string) => void): void {
  if (headers === undefined) return;
  let size = 0;
  for (const [name, value] of headers) {
    if (isReservedInGrpc(name)) continue;
    size += name.length + value.length;
    if (size > MAX_CUSTOM_CHARS)
      throw new Error(`the headers or trailers of an answer have more than ${MAX_CUSTOM_CHARS} characters`);
    add(name, value);
  }
}
