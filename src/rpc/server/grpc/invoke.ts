// How the handler of a method is called: directly, or through interceptors. The function is made once for each method.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec } from "@connectrpc/connect";
import { requestFault } from "../../request-fault.ts";
import {
  type CallHandler,
  compose,
  contextOf,
  InterceptedRequest,
  responseOf,
  takeOver,
} from "../calls/intercepted.ts";
import { type MessageInit, wholeMessage } from "../calls/message.ts";
import { createRunUnary, type UnarySpec } from "../calls/unary.ts";
import type { GrpcCall } from "./call.ts";
import { pump } from "./pump.ts";
import { readMessage } from "./read-message.ts";

type Run = (call: GrpcCall) => void;
export type StreamSpec = Exclude<MethodImplSpec, { kind: "unary" }>;

/** Calls the handler without interceptors. */
export function direct(spec: MethodImplSpec): Run {
  const run = directly(spec);
  return (call) => (call.request.fault === undefined ? run(call) : call.fail(call.request.fault));
}

function directly(spec: MethodImplSpec): Run {
  switch (spec.kind) {
    case "unary":
      return (call) => {
        try {
          const message = call.request.message();
          const answer =
            message instanceof Promise
              ? message.then((m) => spec.impl(m, call.context))
              : spec.impl(message, call.context);
          replyWith(call, answer);
        } catch (error) {
          call.fail(error);
        }
      };
    case "client_streaming":
      return (call) => guard(call, async () => call.reply(await spec.impl(call.request.messages(), call.context)));
    case "server_streaming":
      return (call) => guard(call, async () => pump(call, spec.impl(await call.request.message(), call.context)));
    case "bidi_streaming":
      return (call) => guard(call, async () => pump(call, spec.impl(call.request.messages(), call.context)));
  }
}

/** Calls the handler of a unary method through interceptors. */
export function unary(spec: UnarySpec, interceptors: readonly Interceptor[]): Run {
  const run = createRunUnary(spec, interceptors);
  return (call) => {
    const message = readMessage(call);
    if (message instanceof Promise) void message.then((read) => run(call, read));
    else run(call, message);
  };
}

/** Calls the handler of a streaming method through interceptors, which see the same as in Connect. */
export function intercepted(spec: StreamSpec, interceptors: readonly Interceptor[]): Run {
  const next = compose(interceptors, innermost(spec));
  const isSingle = spec.kind === "server_streaming";
  return (call) =>
    guard(call, async () => {
      if (call.request.fault !== undefined) call.context.values.set(requestFault, call.request.fault);
      const messages = isSingle ? single(await readMessage(call)) : call.request.messages();
      const response = await next(new InterceptedRequest(call.context, true, messages));
      takeOver(response.header, call.context.responseHeader);
      await pump(call, response.message as AsyncIterable<Message>, () => {
        takeOver(response.trailer, call.context.responseTrailer);
      });
    });
}

function innermost(spec: StreamSpec): CallHandler {
  const { output } = spec.method;
  switch (spec.kind) {
    case "client_streaming":
      return async (request) => {
        const answer = await spec.impl(request.message as AsyncIterable<Message>, contextOf(request));
        return responseOf(request.original, true, single(wholeMessage(output, answer)));
      };
    case "server_streaming":
      return async (request) => {
        const message = await first(request.message as AsyncIterable<Message>);
        return responseOf(request.original, true, wholeMessages(output, spec.impl(message, contextOf(request))));
      };
    case "bidi_streaming":
      return async (request) => {
        const answers = spec.impl(request.message as AsyncIterable<Message>, contextOf(request));
        return responseOf(request.original, true, wholeMessages(output, answers));
      };
  }
}

/** Replies in the same tick if the handler is synchronous. */
function replyWith(call: GrpcCall, answer: MessageInit | Promise<MessageInit>): void {
  if (answer instanceof Promise) {
    answer.then(
      (message) => call.reply(message),
      (error: unknown) => call.fail(error),
    );
  } else call.reply(answer);
}

/** Ends the call if the work fails. */
function guard(call: GrpcCall, work: () => Promise<void>): void {
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
