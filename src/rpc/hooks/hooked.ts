// Interceptors that are made of hooks, and how lists of interceptors join them.
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { AnyRequest, AnyResponse, Next } from "../interceptor-types.ts";
import type { Hooks, JoinedHooks } from "./hooks.ts";
import { Passage } from "./passage.ts";

const HOOKS = Symbol("hooks");

type HookedInterceptor = Interceptor & { readonly [HOOKS]?: JoinedHooks };

/** An interceptor for servers. */
export function serverHooks<State>(hooks: Hooks<State>): Interceptor {
  return interceptorOf({ all: [alike(hooks)], side: "server" });
}

/** An interceptor for clients. */
export function clientHooks<State>(hooks: Hooks<State>): Interceptor {
  return interceptorOf({ all: [alike(hooks)], side: "client" });
}

/** All hooks get the same hidden class, by which a passage finds them faster. */
function alike<State>({ start, within, check, mapError, end }: Hooks<State>): Hooks {
  return { start, within, check, mapError, end } as Hooks;
}

/** Joins neighbours that are made of hooks into one interceptor. Others stay as they are, and mean what they did. */
export function joinHooks(interceptors: readonly Interceptor[]): Interceptor[] {
  const joined: Interceptor[] = [];
  for (const interceptor of interceptors) {
    const hooks = (interceptor as HookedInterceptor)[HOOKS];
    const before = (joined.at(-1) as HookedInterceptor | undefined)?.[HOOKS];
    if (hooks === undefined || before?.side !== hooks.side) joined.push(interceptor);
    else joined.splice(-1, 1, interceptorOf({ ...before, all: [...before.all, ...hooks.all] }));
  }
  return joined;
}

/** The hooks of all interceptors, if they are made of nothing else; then a caller may run them by itself, with a Passage. */
export function hooksOfAll(interceptors: readonly Interceptor[]): JoinedHooks | undefined {
  const [only, ...others] = joinHooks(interceptors) as HookedInterceptor[];
  return others.length === 0 ? only?.[HOOKS] : undefined;
}

function interceptorOf(hooks: JoinedHooks): Interceptor {
  const interceptor: Interceptor = (next) => (req) => pass(hooks, next, req);
  return Object.assign(interceptor, { [HOOKS]: hooks });
}

async function pass(hooks: JoinedHooks, next: Next, req: AnyRequest): Promise<AnyResponse> {
  const passage = new Passage(hooks, req);
  try {
    if (!req.stream) {
      passage.begin(req.message);
      const res = await passage.run(next, req);
      passage.succeed(res.header);
      return res;
    }
    passage.begin();
    const { signal } = req;
    const abandon = () => passage.abandon(ConnectError.from(signal.reason, Code.Canceled));
    if (signal.aborted) abandon();
    else signal.addEventListener("abort", abandon, { once: true });
    const message = passage.checked(req.message);
    const request = message === req.message ? req : { ...req, message };
    const res = await passage.run(next, request);
    if (res.stream) return { ...res, message: followed(res.message, passage, res.header) };
    passage.succeed(res.header);
    return res;
  } catch (error) {
    throw await passage.fail(error);
  }
}

/** The messages of a response, whose end is that of the call. A generator runs in the context of who pulls, so each pull enters it again. */
function followed(messages: AsyncIterable<Message>, passage: Passage, header: Headers): AsyncIterable<Message> {
  const failed = async (error: unknown) => {
    throw await passage.fail(error, header);
  };
  const passed = (result: IteratorResult<Message>) => {
    try {
      if (result.done) passage.succeed(header);
      return result;
    } catch (error) {
      return failed(error);
    }
  };
  return {
    [Symbol.asyncIterator]() {
      const items = messages[Symbol.asyncIterator]();
      const pull = () => items.next();
      return {
        next: () => passage.run(pull).then(passed, failed),
        return: (value?: unknown) => {
          passage.abandon(new ConnectError("the stream was not read to its end", Code.Canceled));
          const close = async () => (await items.return?.(value)) ?? { done: true as const, value };
          return passage.run(close).catch(failed);
        },
        throw: (reason?: unknown) => {
          const close = async () => {
            if (items.throw === undefined) throw reason;
            return items.throw(reason);
          };
          return passage.run(close).then(passed, failed);
        },
      };
    },
  };
}
