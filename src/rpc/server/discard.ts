import type { ServerHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";

const HANG_UP_MS = 1000;
const MAX_BYTES = 1 << 20;

/**
 * The answer is complete and the client still sends. What comes in the next second, up to 1 MiB, is read and dropped, so that a client that
 * looks for the answer only when it has sent all finds it; then hangUp is called, unless the request has ended.
 */
export function discard(source: Readable, hangUp: () => void): void {
  let left = MAX_BYTES;
  const end = () => {
    clearTimeout(timer);
    hangUp();
  };
  const timer = setTimeout(end, HANG_UP_MS).unref();
  source.on("data", (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) end();
  });
  const settled = () => clearTimeout(timer);
  source.once("end", settled).once("close", settled);
  source.resume();
}

/**
 * The same for a stream of HTTP/2, which is reset in the end. A reset right away would be legal, but nghttp2 drops the frames of a closing
 * stream: the client would lose the answer's headers.
 */
export function discardRequest(stream: ServerHttp2Stream): void {
  discard(stream, () => {
    if (!stream.destroyed) stream.close();
  });
}
