import assert from "node:assert/strict";
import { ConnectError } from "@connectrpc/connect";

/** The ConnectError that a call rejects with; anything else fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  const failure = await call.then(
    () => assert.fail("the call did not fail"),
    (reason: unknown) => reason,
  );
  assert.ok(failure instanceof ConnectError, `not a ConnectError: ${failure}`);
  return failure;
}

/** Reads a stream to its end; gives the number of messages. onMessage is told each number, from 1, and awaited. */
export async function countOf(stream: AsyncIterable<unknown>, onMessage?: (n: number) => unknown): Promise<number> {
  let n = 0;
  for await (const _ of stream) {
    n++;
    await onMessage?.(n);
  }
  return n;
}
