import { context } from "@opentelemetry/api";
import type { MessageInit } from "../calls/message.ts";
import type { GrpcCall } from "./call.ts";

/**
 * Sends a response stream and ends the call with success; rejects with the stream's error. Calls `beforeEnd` before it makes the trailers. If
 * the call is cancelled or its deadline passes, calls return() on the stream, so that the handler's finally blocks run.
 */
export async function pump(
  call: GrpcCall,
  messages: AsyncIterable<MessageInit>,
  beforeEnd?: () => void,
): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  // In the context of the call, as next(): a generator runs in that of its caller.
  const stop = context.bind(context.active(), () => {
    iterator.return?.().then(undefined, () => {});
  });
  if (call.gone) return stop();
  call.onCancel = stop;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    const behind = call.write(next.value);
    if (behind !== undefined) await behind;
    if (call.gone) return call.cancel();
  }
  beforeEnd?.();
  call.end();
}
