import { context } from "@opentelemetry/api";
import type { LazyContext } from "./lazy-context.ts";
import type { MessageInit } from "./message.ts";

/** A call whose answer is a stream of messages, over whatever protocol. */
export type AnswerStream = {
  readonly context: LazyContext;
  /** Whether there is nothing left to do, or nobody to answer. */
  readonly gone: boolean;
  /** Called when the call is over before its stream has ended. */
  onCancel: (() => void) | undefined;
  /** If it returns a promise, wait for it: the client is behind. */
  write(message: MessageInit): Promise<void> | undefined;
  /** Ends the answer with success. */
  end(): void;
  /** Ends it with an error. */
  fail(reason: unknown): void;
  /** The client is gone. */
  cancel(): void;
};

/**
 * Sends a response stream and ends the call with success; rejects with the stream's error. Calls `beforeEnd` before it makes the trailers. If
 * the call is cancelled or its deadline passes, calls return() on the stream, so that the handler's finally blocks run.
 */
export async function pump(
  call: AnswerStream,
  messages: AsyncIterable<MessageInit>,
  beforeEnd?: () => void,
): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  const own = context.active();
  // In the context of the call, as next(): a generator runs in that of its caller.
  const stop = () => {
    context.with(own, () => iterator.return?.().then(undefined, () => {}));
  };
  if (call.gone) return stop();
  call.onCancel = stop;
  let next: IteratorResult<MessageInit> | undefined = await iterator.next();
  while (next.done !== true) {
    const behind = call.write(next.value);
    next = undefined; // a message must not stay in memory for as long as the stream waits for another
    if (behind !== undefined) await behind;
    if (call.gone) return call.cancel();
    next = await iterator.next();
  }
  beforeEnd?.();
  call.end();
}
