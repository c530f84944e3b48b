import type { ServerHttp2Stream } from "node:http2";

const HANG_UP_MS = 1000;

/**
 * The answer is complete and the client still sends. A gRPC client that sees the answer's end ends its side by itself; what comes until
 * then is dropped, and after a second the stream is reset. A reset right away would be legal, but nghttp2 drops the frames of a closing
 * stream: the client would lose the answer's headers.
 */
export function discardRequest(stream: ServerHttp2Stream): void {
  stream.resume();
  setTimeout(hangUp, HANG_UP_MS, stream).unref();
}

function hangUp(stream: ServerHttp2Stream): void {
  if (!stream.destroyed) stream.close();
}
