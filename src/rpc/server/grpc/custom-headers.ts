// Names that the protocol owns: a handler that set one of them would corrupt the answer.
const RESERVED = new Set(
  [
    ["grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-encoding", "grpc-accept-encoding"],
    ["content-type", "content-length", "te", "trailer", "connection", "transfer-encoding", "keep-alive"],
    ["upgrade", "proxy-connection", "http2-settings", "host"],
  ].flat(),
);

/** More, and nghttp2 would end the connection, with all calls on it. */
const MAX_CUSTOM_CHARS = 16 << 10;

/** Calls add for each header that a handler may send. Throws an Error if they are more than 16 KiB together. */
export function forEachCustom(headers: Headers | undefined, add: (name: string, value: string) => void): void {
  if (headers === undefined) return;
  let size = 0;
  for (const [name, value] of headers) {
    if (RESERVED.has(name)) continue;
    size += name.length + value.length;
    if (size > MAX_CUSTOM_CHARS)
      throw new Error(`the headers or trailers of an answer have more than ${MAX_CUSTOM_CHARS} characters`);
    add(name, value);
  }
}
