// How the handler of a server streaming method is called through interceptors. The function is made once for each method.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec } from "@connectrpc/connect";
import { hooksOfAll, joinHooks } from "../../hooks/hooked.ts";
import type { JoinedHooks } from "../../hooks/hooks.ts";
import { refuseFaults } from "../../request-fault.ts";
import { type AnswerStream, pump } from "./answer-stream.ts";
import { inPassage } from "./in-passage.ts";
import { compose, contextOf, InterceptedRequest, responseOf, takeOver } from "./intercepted.ts";
import { type MessageInit, wholeMessage } from "./message.ts";

export type RunServerStream = (call: AnswerStream, message: Message) => void;
export type ServerStreamSpec = Extract<MethodImplSpec, { kind: "server_streaming" }>;

/** The first interceptor is outermost. A message that could not be decoded is empty, and requestFault has the reason. */
export function createRunServerStream(spec: ServerStreamSpec, interceptors: readonly Interceptor[]): RunServerStream {
  const all = [...interceptors, refuseFaults];
  const hooks = hooksOfAll(all);
  return hooks === undefined ? intercepted(spec, joinHooks(all)) : hooked(spec, hooks);
}

function hooked({ impl }: ServerStreamSpec, hooks: JoinedHooks): RunServerStream {
  return (call, request) =>
    void inPassage(call, hooks, (_, passage) => {
      passage.check(request);
      return pump(call, impl(request, call.context), () => passage.succeed(call.context.responseHeader));
    });
}

/** Interceptors see the same as in Connect. */
function intercepted(
  { impl, method: { output } }: ServerStreamSpec,
  interceptors: readonly Interceptor[],
): RunServerStream {
  const next = compose(interceptors, async (request) => {
    const message = await first(request.message as AsyncIterable<Message>);
    return responseOf(request.original, true, wholeMessages(output, impl(message, contextOf(request))));
  });

  async function run(call: AnswerStream, message: Message): Promise<void> {
    const { context } = call;
    try {
      const response = await next(new InterceptedRequest(context, true, single(message)));
      takeOver(response.header, context.responseHeader);
      await pump(call, response.message as AsyncIterable<Message>, () => {
        takeOver(response.trailer, context.responseTrailer);
      });
    } catch (error) {
      call.fail(error);
    }
  }

  return (call, message) => void run(call, message);
}

/** The messages of a response stream, made whole for interceptors. */
export async function* wholeMessages(schema: DescMessage, inits: AsyncIterable<MessageInit>): AsyncIterable<Message> {
  for await (const init of inits) yield wholeMessage(schema, init);
}

/** A request or response stream of one message. */
export async function* single(message: Message): AsyncIterable<Message> {
  yield message;
}

async function first(messages: AsyncIterable<Message>): Promise<Message> {
  for await (const message of messages) return message;
  throw new Error("an interceptor took the request message away");
}
