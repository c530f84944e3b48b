import type { CallOptions, HandlerContext } from "@connectrpc/connect";

/** What calls of a handler need from its context. */
export type CallContext = Pick<HandlerContext, "signal" | "timeoutMs">;

/**
 * Options for a call that is made on behalf of another: its cancellation and deadline are passed on. The timeout is at least 1 ms, because
 * clients take 0 for no deadline.
 */
export function onward(context: CallContext): CallOptions {
  const timeoutMs = context.timeoutMs();
  return { signal: context.signal, timeoutMs: timeoutMs === undefined ? undefined : Math.max(timeoutMs, 1) };
}
