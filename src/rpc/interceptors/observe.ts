import { Code, ConnectError } from "@connectrpc/connect";
import { type Context, context } from "@opentelemetry/api";
import type { AnyRequest, AnyResponse, Next } from "../interceptor-types.ts";

/** Told once how a call ended: how long it took, and its error unless it succeeded. */
export type CallEnd = (durationMs: number, error: ConnectError | undefined) => void;

/**
 * Makes a call and tells when it is over: a unary call with its response, a stream with its last message, an error wherever it occurs. A
 * stream that is abandoned ends when its signal aborts or its iterator is returned.
 *
 * @param within The context in which the call runs; default: the active one. A generator's body runs in the context of whoever pulls, so
 *   it is entered again with every pull of a response stream.
 */
export async function observe(
  next: Next,
  req: AnyRequest,
  onEnd: CallEnd,
  within: Context = context.active(),
): Promise<AnyResponse> {
  const startedAt = performance.now();
  let ended = false;
  const end = (error?: unknown) => {
    if (ended) return;
    ended = true;
    onEnd(performance.now() - startedAt, error === undefined ? undefined : ConnectError.from(error));
  };
  if (req.stream) {
    const { signal } = req;
    const abandoned = () => end(ConnectError.from(signal.reason, Code.Canceled));
    signal.addEventListener("abort", context.bind(within, abandoned), { once: true });
  }
  try {
    const res = await context.with(within, next, undefined, req);
    if (res.stream) return { ...res, message: follow(res.message, end, within) };
    end();
    return res;
  } catch (error) {
    end(error);
    throw error;
  }
}

function follow<T>(source: AsyncIterable<T>, end: (error?: unknown) => void, within: Context): AsyncIterable<T> {
  const passed = (result: IteratorResult<T>) => {
    if (result.done) end();
    return result;
  };
  const failed = (error: unknown) => {
    end(error);
    throw error;
  };
  return {
    [Symbol.asyncIterator]() {
      const items = source[Symbol.asyncIterator]();
      const pull = () => items.next();
      return {
        next: () => context.with(within, pull).then(passed, failed),
        return: async (value?: unknown) => {
          end(new ConnectError("the stream was not read to its end", Code.Canceled));
          return (await context.with(within, async () => items.return?.(value))) ?? { done: true, value };
        },
        throw: async (reason?: unknown) => {
          end(reason);
          if (items.throw === undefined) throw reason;
          return context.with(within, async () => items.throw!(reason));
        },
      };
    },
  };
}

/** A call this short, in ms, was not cut short by its deadline or its client in a way that anybody would miss. */
const TOO_SHORT_TO_ABORT_MS = 1;

/**
 * The outcome of a server's call as its client saw it: a handler may still return, or throw something else, when the deadline is over or
 * the client is gone. Not looked for in the quickest calls, because making a call's signal costs more than the rest of observing it.
 */
export function outcomeAtServer(
  req: AnyRequest,
  durationMs: number,
  error: ConnectError | undefined,
): ConnectError | undefined {
  if (error === undefined && durationMs < TOO_SHORT_TO_ABORT_MS) return undefined;
  return req.signal.aborted ? ConnectError.from(req.signal.reason, Code.Canceled) : error;
}
