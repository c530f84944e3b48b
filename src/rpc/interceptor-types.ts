// The halves of Connect's unions, under names.
import type { Interceptor } from "@connectrpc/connect";

/** What an interceptor calls. */
export type Next = Parameters<Interceptor>[0];
/** A unary request or one of streams. */
export type AnyRequest = Parameters<Next>[0];
export type AnyResponse = Awaited<ReturnType<Next>>;
