import { Code, ConnectError } from "@connectrpc/connect";
import { type Context, context } from "@opentelemetry/api";
import type { AnyRequest, AnyResponse, Next } from "../interceptor-types.ts";

/** Called once when a call ends, with its error unless it succeeded. */
export type CallEnd = (durationMs: number, error: ConnectError | undefined) => void;

/**
 * Makes a call and reports its end: the response of a unary call, the last message of a stream, or an error at any point. An abandoned stream
 * ends when its signal is aborted or its iterator returns.
 *
 * @param within The context of the call. Default: the active one. A generator runs in the context of its consumer, so each pull of a response
 *   stream enters it again.
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

/** Nobody would miss that so short a call, in ms, was aborted. */
const TOO_SHORT_TO_ABORT_MS = 1;

/**
 * The outcome of a call as its client saw it: after the deadline, or when the client is gone, a handler may still return or throw something
 * else. Skipped for very short calls, since making the signal costs more than everything else here.
 */
export function outcomeAtServer(
  req: AnyRequest,
  durationMs: number,
  error: ConnectError | undefined,
): ConnectError | undefined {
  if (error === undefined && durationMs < TOO_SHORT_TO_ABORT_MS) return undefined;
  return req.signal.aborted ? ConnectError.from(req.signal.reason, Code.Canceled) : error;
}
