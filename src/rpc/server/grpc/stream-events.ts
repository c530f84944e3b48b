import type { Buffer } from "node:buffer";
import type { ServerHttp2Stream } from "node:http2";

const CALL = Symbol("call");

/** What becomes of the events of a stream. */
export type StreamEvents = {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onDrain(): void;
  onWantTrailers(): void;
  cancel(): void;
};

type CallStream = ServerHttp2Stream & { [CALL]: StreamEvents };

// All calls share these five functions, and a stream gets only those that its call needs: an Http2Stream pays for each listener, and a
// closure of its own would be made for each call.
function onData(this: CallStream, chunk: Buffer): void {
  this[CALL].onData(chunk);
}
function onEnd(this: CallStream): void {
  this[CALL].onEnd();
}
function onDrain(this: CallStream): void {
  this[CALL].onDrain();
}
function onWantTrailers(this: CallStream): void {
  this[CALL].onWantTrailers();
}
function onAborted(this: CallStream): void {
  this[CALL].cancel();
}

/** Leads the events of a stream to its call: the end of the stream now, all others when they are listened for. */
export function attachCall(stream: ServerHttp2Stream, call: StreamEvents): void {
  (stream as CallStream)[CALL] = call;
  stream.on("aborted", onAborted);
}

export function listenForRequest(stream: ServerHttp2Stream): void {
  stream.on("data", onData);
  stream.on("end", onEnd);
}

export function listenForTrailers(stream: ServerHttp2Stream): void {
  stream.on("wantTrailers", onWantTrailers);
}

export function listenForDrain(stream: ServerHttp2Stream): void {
  stream.on("drain", onDrain);
}
