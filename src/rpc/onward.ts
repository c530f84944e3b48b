import type { CallOptions, HandlerContext } from "@connectrpc/connect";

/** What a handler's own calls need of its context. */
export type CallContext = Pick<HandlerContext, "signal" | "timeoutMs">;

/** Options for a call made on behalf of the call in hand: its cancellation and deadline travel on, limited to maxMs. */
export function onward(context: CallContext, maxMs: number): CallOptions {
  return { signal: context.signal, timeoutMs: Math.min(context.timeoutMs() ?? maxMs, maxMs) };
}
