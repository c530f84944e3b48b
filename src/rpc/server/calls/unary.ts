// How a unary handler is called through interceptors. The function is made once for each method.
import type { Message } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec } from "@connectrpc/connect";
import { hooksOfAll, joinHooks } from "../../hooks/hooked.ts";
import type { JoinedHooks } from "../../hooks/hooks.ts";
import { Passage } from "../../hooks/passage.ts";
import { refuseFaults } from "../../request-fault.ts";
import { compose, contextOf, InterceptedRequest, responseOf, takeOver } from "./intercepted.ts";
import { type MessageInit, wholeMessage } from "./message.ts";
import type { ServedContext } from "./served-context.ts";

/** A call that was read, and how it is answered: once, with a message or an error. */
export type UnaryCall = {
  readonly context: ServedContext;
  reply(message: MessageInit): void;
  fail(reason: unknown): void;
};

export type RunUnary = (call: UnaryCall, message: Message) => void;
export type UnarySpec = Extract<MethodImplSpec, { kind: "unary" }>;

/** The first interceptor is outermost. A message that could not be decoded is empty, and requestFault has the reason. */
export function createRunUnary(spec: UnarySpec, interceptors: readonly Interceptor[]): RunUnary {
  const all = [...interceptors, refuseFaults];
  const hooks = hooksOfAll(all);
  return hooks === undefined ? intercepted(spec, joinHooks(all)) : hooked(spec, hooks);
}

/** No promise, request or response object for each interceptor; none at all if the handler is synchronous. */
function hooked({ impl, method: { output } }: UnarySpec, hooks: JoinedHooks): RunUnary {
  function reply(call: UnaryCall, passage: Passage, init: MessageInit): void {
    let message: Message;
    try {
      message = wholeMessage(output, init);
      passage.succeed(call.context.responseHeader);
    } catch (error) {
      void fail(call, passage, error);
      return;
    }
    call.reply(message);
  }

  async function fail(call: UnaryCall, passage: Passage, reason: unknown): Promise<void> {
    call.fail(await passage.fail(reason, call.context.responseHeader));
  }

  return (call, message) => {
    const passage = new Passage(hooks, call.context);
    try {
      passage.begin(message);
      const answer = passage.run(impl, message, call.context);
      if (!(answer instanceof Promise)) reply(call, passage, answer);
      else {
        answer.then(
          (init) => reply(call, passage, init),
          (error: unknown) => fail(call, passage, error),
        );
      }
    } catch (error) {
      void fail(call, passage, error);
    }
  };
}

function intercepted({ impl, method: { output } }: UnarySpec, interceptors: readonly Interceptor[]): RunUnary {
  const next = compose(interceptors, async (request) => {
    const answer = await impl(request.message as Message, contextOf(request));
    return responseOf(request.original, false, wholeMessage(output, answer));
  });

  async function run(call: UnaryCall, message: Message): Promise<void> {
    const { context } = call;
    try {
      const response = await next(new InterceptedRequest(context, false, message));
      takeOver(response.header, context.responseHeader);
      takeOver(response.trailer, context.responseTrailer);
      call.reply(response.message as Message);
    } catch (error) {
      call.fail(error);
    }
  }

  return (call, message) => void run(call, message);
}
