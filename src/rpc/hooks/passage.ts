import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Context, context as contexts, diag } from "@opentelemetry/api";
import type { CallEnd, HookedCall, JoinedHooks } from "./hooks.ts";

/** Nobody would miss that so short a call, in ms, was aborted: making a signal costs more than all hooks. */
const TOO_SHORT_TO_ABORT_MS = 1;

/**
 * A call on its way through joined hooks: begin(), then once succeed() or fail(). Hooks are entered from the outermost on, and left in
 * reverse, as nested interceptors would be.
 */
export class Passage {
  /** For everything within the hooks. */
  context: Context;
  readonly #outside = contexts.active();
  readonly #hooks: JoinedHooks;
  readonly #call: HookedCall;
  readonly #startedAt = performance.now();
  /** Of the hooks that the call has entered and not left. */
  readonly #states: unknown[] = [];
  #abandoned = false;

  constructor(hooks: JoinedHooks, call: HookedCall) {
    this.#hooks = hooks;
    this.#call = call;
    this.context = this.#outside;
  }

  /** Enters the hooks, which check the message if it is the only one of the request. Throws what they throw. */
  begin(message?: Message): void {
    const call = this.#call;
    for (const hooks of this.#hooks.all) {
      const state = hooks.start?.(call, this.context);
      this.#states.push(state);
      if (hooks.within !== undefined) this.context = hooks.within(state);
      if (message !== undefined) hooks.check?.(call, message);
    }
  }

  /** Calls a function in the context of everything within. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R {
    const isOutside = this.context === this.#outside; // then entering it again would only take time
    return isOutside ? fn(...args) : contexts.with(this.context, fn, undefined, ...args);
  }

  /** Checks a message of a stream. Throws what the hooks throw. */
  check(message: Message): void {
    for (const hooks of this.#hooks.all) hooks.check?.(this.#call, message);
  }

  /** The messages of a request stream, each of which is checked. */
  checked(messages: AsyncIterable<Message>): AsyncIterable<Message> {
    return this.#hooks.all.some(({ check }) => check !== undefined) ? this.#checkEach(messages) : messages;
  }

  async *#checkEach(messages: AsyncIterable<Message>): AsyncGenerator<Message, void, void> {
    for await (const message of messages) {
      this.check(message);
      yield message;
    }
  }

  /** Leaves the hooks after a success, with the header of the response. Throws what they throw; fail() must follow then. */
  succeed(header?: Headers): void {
    if (this.#abandoned) return;
    const end = this.#endWith(undefined, header);
    for (let i = this.#states.length - 1; i >= 0; i--) {
      const state = this.#states.pop();
      this.#hooks.all[i]!.end?.(this.#call, end, state);
    }
  }

  /** Leaves the hooks after an error from within. Resolves to the error for outside. */
  async fail(reason: unknown, header?: Headers): Promise<unknown> {
    let error = reason;
    for (let i = this.#states.length - 1; i >= 0; i--) {
      const hooks = this.#hooks.all[i]!;
      const state = this.#states.pop();
      try {
        if (hooks.mapError !== undefined) error = await hooks.mapError(this.#call, error);
        if (!this.#abandoned) hooks.end?.(this.#call, this.#endWith(ConnectError.from(error), header), state);
      } catch (thrown) {
        error = thrown;
      }
    }
    return error;
  }

  /** The call is over, although its handler or its reader may go on: tells the hooks so, which then hear of no other end. */
  abandon(error: ConnectError): void {
    if (this.#abandoned) return;
    const end = this.#endWith(error, undefined);
    for (let i = this.#states.length - 1; i >= 0; i--) {
      try {
        this.#hooks.all[i]!.end?.(this.#call, end, this.#states[i]);
      } catch (thrown) {
        diag.error("the end of an abandoned call could not be told", thrown); // there is nobody to throw it to
      }
    }
    this.#abandoned = true;
  }

  #endWith(error: ConnectError | undefined, header: Headers | undefined): CallEnd {
    const durationMs = performance.now() - this.#startedAt;
    const aborted = this.#hooks.side === "server" ? this.#abortError(error, durationMs) : undefined;
    return { durationMs, error: aborted ?? error, header, context: this.context };
  }

  #abortError(error: ConnectError | undefined, durationMs: number): ConnectError | undefined {
    const call = this.#call;
    if ("abortError" in call) return call.abortError;
    if (error === undefined && durationMs < TOO_SHORT_TO_ABORT_MS) return undefined;
    return call.signal.aborted ? ConnectError.from(call.signal.reason, Code.Canceled) : undefined;
  }
}
