// How a stream of HTTP/2 ends before its time.
//
// Never by close(): Node 26.10 may then spin for ever in Http2Session::SendPendingData and fill the memory. What close() does to a stream
// with queued writes takes several steps. If the writes and the shutdown finish between two of them, Node forgets the stream while nghttp2
// still has it, its RST_STREAM is never submitted, and nghttp2 asks for its data again and again: OnRead() answers "0 bytes, more to come".
// destroy() of a stream that is not closed submits the RST_STREAM and forgets the stream in one synchronous step.
//
// And never within an event of the session: nghttp2 may be in the middle of it, and go on to ask for the data and trailers of a stream that
// is gone. Then Node ends the connection ("The user callback function failed"), or the whole process (CHECK(!is_destroyed()) in OnTrailers).
// So these do it in the next turn of the event loop.
import type { Http2Stream } from "node:http2";
import { addAbortSignal } from "node:stream";

const ABORTED = AbortSignal.abort();
const FAILED = new Error("the stream was reset");

/** Resets a stream with CANCEL soon, if it has not ended by then. */
export function cancelStream(stream: Http2Stream): void {
  setImmediate(cancel, stream);
}

/** Resets a stream with NO_ERROR soon, if it has not ended by then: its answer is complete, and no more of the request is needed. */
export function dropStream(stream: Http2Stream): void {
  setImmediate(drop, stream);
}

/** Resets a stream with INTERNAL_ERROR soon, if it has not ended by then. It emits 'error'. */
export function failStream(stream: Http2Stream): void {
  setImmediate(fail, stream);
}

function cancel(stream: Http2Stream): void {
  addAbortSignal(ABORTED, stream); // the documented way to CANCEL by destroy(); it destroys at once, as the signal is aborted already
}

function drop(stream: Http2Stream): void {
  if (!stream.closed) stream.destroy();
}

function fail(stream: Http2Stream): void {
  if (!stream.closed) stream.destroy(FAILED);
}
