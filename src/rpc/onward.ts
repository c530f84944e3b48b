import type { CallOptions, HandlerContext } from "@connectrpc/connect";

/** What a handler's own calls need of its context. */
export type CallContext = Pick<HandlerContext, "signal" | "timeoutMs">;

/**
 * Options for a call made on behalf of the call in hand: its cancellation and deadline travel on. The callee's own contract may allow less
 * time. Never 0, which clients take for no deadline: a call in hand that has no time left makes one of 1 ms.
 */
export function onward(context: CallContext): CallOptions {
  const timeoutMs = context.timeoutMs();
  return { signal: context.signal, timeoutMs: timeoutMs === undefined ? undefined : Math.max(timeoutMs, 1) };
}
