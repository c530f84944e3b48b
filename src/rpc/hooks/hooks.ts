import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";
import type { Context } from "@opentelemetry/api";

/** What hooks see of a call. Every UnaryRequest and StreamRequest is one. */
export type HookedCall = {
  /** Whether the request or the response is a stream. */
  readonly stream: boolean;
  readonly service: DescService;
  readonly method: DescMethod;
  readonly url: string;
  /** Of the request. A client's hooks may add to it in start(). */
  readonly header: Headers;
  readonly contextValues: ContextValues;
  /** Made when it is first read, which costs more than most hooks. */
  readonly signal: AbortSignal;
  /** Why the call is over for its client before it has ended, if it is. Absent where only the signal knows. */
  readonly abortError?: ConnectError | undefined;
};

/** How a call ended. */
export type CallEnd = {
  readonly durationMs: number;
  /** At a server, as the client saw it: after the deadline, or when the client is gone, it does not matter what the handler returns. */
  readonly error: ConnectError | undefined;
  /** Of the response, if there was one. */
  readonly header: Headers | undefined;
  /** In which everything within ran. */
  readonly context: Context;
};

/**
 * The work of an interceptor, as functions that are called on the way of a call: start() and check() on its way in, mapError() and end() on
 * its way out. They run in any context; that of the call is passed to them. serverHooks() and clientHooks() make interceptors of them.
 */
export type Hooks<State = unknown> = {
  /** The call begins. The others get what it returns. Throws to refuse the call, whose end it does not see then. */
  start?(call: HookedCall, context: Context): State;
  /** The context for everything within. Default: the one outside. */
  within?(state: State): Context;
  /** Throws to refuse a message of the request. */
  check?(call: HookedCall, message: Message): void;
  /** The error to be seen outside, or a promise of it, for one from within. */
  mapError?(call: HookedCall, error: unknown): unknown;
  /** The call has ended, which happens once. */
  end?(call: HookedCall, end: CallEnd, state: State): void;
};

/** The hooks of neighbouring interceptors, outermost first, and on which side of calls they are. */
export type JoinedHooks = { readonly all: readonly Hooks[]; readonly side: "server" | "client" };
