import type { Buffer } from "node:buffer";
import type { ServerHttp2Stream } from "node:http2";

const CALL = Symbol("call");

/** What handles the events of a stream. */
export type StreamEvents = {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onDrain(): void;
  onWantTrailers(): void;
  cancel(): void;
};

type CallStream = ServerHttp2Stream & { [CALL]: StreamEvents | undefined };

// All calls share these functions, which find their call on the stream, so that the halves of a call can listen without knowing the call.
function onData(this: CallStream, chunk: Buffer): void {
  this[CALL]?.onData(chunk);
}
function onEnd(this: CallStream): void {
  this[CALL]?.onEnd();
}
function onDrain(this: CallStream): void {
  this[CALL]?.onDrain();
}
function onWantTrailers(this: CallStream): void {
  this[CALL]?.onWantTrailers();
}
function onAborted(this: CallStream): void {
  this[CALL]?.cancel();
}

/** Makes the call handle the events of a stream: its abort from now on, others once they are listened for. */
export function attachCall(stream: ServerHttp2Stream, call: StreamEvents): void {
  (stream as CallStream)[CALL] = call;
  stream.on("aborted", onAborted);
}

/**
 * The call needs no more events. Node 26 keeps a stream that has ended until the next full garbage collection: WritableState's constructor
 * assigns a closure over it to a property, and V8 allocates such closures in the old generation, where scavenges take them for alive. What the
 * stream still refers to is copied twice.
 */
export function detachCall(stream: ServerHttp2Stream): void {
  (stream as CallStream)[CALL] = undefined;
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
