// How the handler of a method is called: directly, or through interceptors. One function per method, made once.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor, type MethodImplSpec } from "@connectrpc/connect";
import { requestFault } from "../../request-fault.ts";
import type { Call } from "./call.ts";
import { CallRequest, compose, contextOf, type Next, responseOf, takeOver } from "./intercepted.ts";
import { type MessageInit, wholeMessage } from "./message.ts";
import { pump } from "./pump.ts";

type Run = (call: Call) => void;

/** Calls the handler with nothing between. */
export function direct(spec: MethodImplSpec): Run {
  switch (spec.kind) {
    case "unary":
      return (call) => {
        try {
          const message = call.message();
          const answer =
            message instanceof Promise ? message.then((m) => spec.impl(m, call)) : spec.impl(message, call);
          replyWith(call, answer);
        } catch (error) {
          call.fail(error);
        }
      };
    case "client_streaming":
      return (call) => guard(call, async () => call.reply(await spec.impl(call.messages(), call)));
    case "server_streaming":
      return (call) => guard(call, async () => pump(call, spec.impl(await call.message(), call)));
    case "bidi_streaming":
      return (call) => guard(call, async () => pump(call, spec.impl(call.messages(), call)));
  }
}

/** Calls the handler through interceptors, which see what Connect would show them. */
export function intercepted(spec: MethodImplSpec, interceptors: readonly Interceptor[]): Run {
  const next = compose(interceptors, refuseFaults(innermost(spec)));
  switch (spec.kind) {
    case "unary":
      return (call) =>
        guard(call, async () => {
          const response = await next(new CallRequest(call, false, await messageOf(call)));
          takeOver(response.header, call.responseHeader);
          takeOver(response.trailer, call.responseTrailer);
          call.reply(response.message as Message);
        });
    default:
      return (call) =>
        guard(call, async () => {
          const messages = call.route.singleRequest ? single(await messageOf(call)) : call.messages();
          const response = await next(new CallRequest(call, true, messages));
          takeOver(response.header, call.responseHeader);
          await pump(call, response.message as AsyncIterable<Message>, () => {
            takeOver(response.trailer, call.responseTrailer);
          });
        });
  }
}

/** An empty message stands for one that cannot be read, so that interceptors see every call; requestFault tells them why. */
async function messageOf(call: Call): Promise<Message> {
  try {
    return await call.message();
  } catch (error) {
    call.values.set(requestFault, ConnectError.from(error));
    return call.emptyMessage();
  }
}

/** The handler sees no call whose message cannot be read, even if no interceptor refused it. */
function refuseFaults(next: Next): Next {
  return (request) => {
    const fault = request.contextValues.get(requestFault);
    if (fault !== undefined) throw fault;
    return next(request);
  };
}

function innermost(spec: MethodImplSpec): Next {
  const { output } = spec.method;
  switch (spec.kind) {
    case "unary":
      return async (request) => {
        const answer = await spec.impl(request.message as Message, contextOf(request));
        return responseOf(request.call, false, wholeMessage(output, answer));
      };
    case "client_streaming":
      return async (request) => {
        const answer = await spec.impl(request.message as AsyncIterable<Message>, contextOf(request));
        return responseOf(request.call, true, single(wholeMessage(output, answer)));
      };
    case "server_streaming":
      return async (request) => {
        const message = await first(request.message as AsyncIterable<Message>);
        return responseOf(request.call, true, wholeMessages(output, spec.impl(message, contextOf(request))));
      };
    case "bidi_streaming":
      return async (request) => {
        const answers = spec.impl(request.message as AsyncIterable<Message>, contextOf(request));
        return responseOf(request.call, true, wholeMessages(output, answers));
      };
  }
}

/** Replies at once if the handler did, without a promise between. */
function replyWith(call: Call, answer: MessageInit | Promise<MessageInit>): void {
  if (answer instanceof Promise) {
    answer.then(
      (message) => call.reply(message),
      (error: unknown) => call.fail(error),
    );
  } else call.reply(answer);
}

/** Runs the call's work; whatever it throws ends the call. */
function guard(call: Call, work: () => Promise<void>): void {
  work().catch((error: unknown) => call.fail(error));
}

async function* wholeMessages(schema: DescMessage, inits: AsyncIterable<MessageInit>): AsyncIterable<Message> {
  for await (const init of inits) yield wholeMessage(schema, init);
}

async function* single(message: Message): AsyncIterable<Message> {
  yield message;
}

async function first(messages: AsyncIterable<Message>): Promise<Message> {
  for await (const message of messages) return message;
  throw new Error("an interceptor took the request message away");
}
