import type { DescMethod, DescMethodStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse, type UnaryResponse } from "@connectrpc/connect";
import type { Input } from "./input.ts";
import type { Method } from "./method.ts";

/** What a call begins with. */
export type CallInit<D extends DescMethod = DescMethod> = {
  readonly method: Method<D>;
  readonly signal: AbortSignal | undefined;
  /** Epoch milliseconds, or Infinity. */
  readonly deadline: number;
  /** What the caller and the interceptors set, if anything. */
  readonly header: Headers | undefined;
};

/** Carries calls to the servers of a target, below the interceptors. Everything rejects with ConnectError. */
export type Wire = {
  /** Sends a message and resolves to the answer. */
  unary(init: CallInit<DescMethodUnary>, message: Message): Promise<UnaryResponse>;
  /**
   * Opens a stream of any kind, since on the wire all are the same. Resolves with the response headers; errors before them reject, later
   * ones come from the iterator of messages. As in Connect, that has no return(): abort the signal to cancel. `input` are the caller's own
   * messages, which interceptors may have wrapped into `messages`; it is closed at the end.
   */
  stream(
    init: CallInit<DescMethodStreaming>,
    messages: AsyncIterable<Message>,
    input: Input | undefined,
  ): Promise<StreamResponse>;
  /** Lets calls in flight finish, then closes connections. New calls fail with UNAVAILABLE. */
  close(): void;
};

/** How a promise is settled. */
export type Resolvers<T> = { resolve(value: T | PromiseLike<T>): void; reject(reason: unknown): void };

/** The error of a call that its caller aborted: the signal's reason if that is a ConnectError, else CANCELED. */
export function abortError(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}
