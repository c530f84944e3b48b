// Names for the types of Connect's interceptors.
import type { Interceptor } from "@connectrpc/connect";

/** What an interceptor calls. */
export type Next = Parameters<Interceptor>[0];
/** Of a unary call or a stream. */
export type AnyRequest = Parameters<Next>[0];
export type AnyResponse = Awaited<ReturnType<Next>>;
