// How a stream of HTTP/2 ends before its time.
//
// Never by close(): Node 26.10 may then spin for ever in Http2Session::SendPendingData and fill the memory. What close() does to a stream
// with queued writes takes several steps. If the writes and the shutdown finish between two of them, Node forgets the stream while nghttp2
// still has it, its RST_STREAM is never submitted, and nghttp2 asks for its data again and again: OnRead() answers "0 bytes, more to come".
// destroy() of a stream that is not closed submits the RST_STREAM and forgets the stream in one synchronous step, in this order, so that
// nghttp2 never asks for a stream that Node does not know. Inside of nghttp2's callbacks, too: there, the RST_STREAM waits in a list, from
// which Http2Stream::Destroy() itself takes it.
import type { Http2Stream } from "node:http2";
import { addAbortSignal } from "node:stream";

const ABORTED = AbortSignal.abort();

/** Resets a stream with CANCEL, if it has not ended. */
export function cancelStream(stream: Http2Stream): void {
  addAbortSignal(ABORTED, stream); // the documented way to CANCEL by destroy(); it destroys at once, as the signal is aborted already
}

/** Resets a stream with NO_ERROR, if it has not ended: its answer is complete, and no more of the request is needed. */
export function dropStream(stream: Http2Stream): void {
  if (!stream.closed) stream.destroy();
}

const FAILED = new Error("the stream was reset");

/** Resets a stream with INTERNAL_ERROR, if it has not ended. It emits 'error'. */
export function failStream(stream: Http2Stream): void {
  if (!stream.closed) stream.destroy(FAILED);
}
