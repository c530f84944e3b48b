import type { ServerHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";
import { dropStream } from "../http2-reset.ts";

const HANG_UP_MS = 1000;
const MAX_BYTES = 1 << 20;

/**
 * For a client that is still sending when its answer is complete: reads and drops what comes in the next second, up to 1 MiB, because some
 * clients read the answer only after they have sent everything. Then calls hangUp, unless the request has ended.
 */
export function discard(source: Readable, hangUp: () => void): void {
  let left = MAX_BYTES;
  const count = (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) end();
  };
  const end = () => {
    clearTimeout(timer);
    source.off("data", count).pause(); // an answer may still be on its way, but nothing more is read
    hangUp();
  };
  const timer = setTimeout(end, HANG_UP_MS).unref();
  source.on("data", count);
  const settled = () => clearTimeout(timer);
  source.once("end", settled).once("close", settled);
  source.resume();
}

/**
 * The same for an HTTP/2 stream, which it resets in the end. Resetting it at once would be legal, but nghttp2 would drop the frames that it
 * has not sent, and the client would lose the answer.
 */
export function discardRequest(stream: ServerHttp2Stream): void {
  discard(stream, () => {
    if (stream.writableFinished) dropStream(stream);
    else stream.once("finish", () => dropStream(stream)); // the answer is still on its way
  });
}
