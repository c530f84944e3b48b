import type { Buffer } from "node:buffer";
import type { ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";

/** What a call hears of its stream. */
export type StreamListener = {
  onResponse(header: IncomingHttpHeaders, flags: number): void;
  onData(chunk: Buffer): void;
  onTrailers(trailer: IncomingHttpHeaders): void;
  /** The stream is over, without trailers. */
  onClose(stream: ClientHttp2Stream, error: Error | undefined): void;
};

const LISTENER = Symbol("listener");
const FAILURE = Symbol("failure");

type Heard = ClientHttp2Stream & { [LISTENER]?: StreamListener | undefined; [FAILURE]?: Error };

/** Sends the events of a stream to a listener; later with undefined, to nobody. Functions that all streams share: closures cost each call. */
export function listen(stream: ClientHttp2Stream, listener: StreamListener | undefined): void {
  const heard = stream as Heard;
  const known = LISTENER in heard;
  heard[LISTENER] = listener;
  if (known) return;
  heard.on("response", onResponse);
  heard.on("data", onData);
  heard.on("trailers", onTrailers);
  heard.on("error", onError);
  heard.on("close", onClose);
}

function onResponse(this: Heard, header: IncomingHttpHeaders, flags: number): void {
  this[LISTENER]?.onResponse(header, flags);
}

function onData(this: Heard, chunk: Buffer): void {
  this[LISTENER]?.onData(chunk);
}

function onTrailers(this: Heard, trailer: IncomingHttpHeaders): void {
  this[LISTENER]?.onTrailers(trailer);
}

/** "close" follows. */
function onError(this: Heard, error: Error): void {
  this[FAILURE] = error;
}

function onClose(this: Heard): void {
  this[LISTENER]?.onClose(this, this[FAILURE]);
}
