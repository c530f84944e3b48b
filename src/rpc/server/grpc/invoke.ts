// How the handler of a method is called: directly, or through interceptors. The function is made once for each method.
import type { Message } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec } from "@connectrpc/connect";
import { requestFault } from "../../request-fault.ts";
import { pump } from "../calls/answer-stream.ts";
import {
  type CallHandler,
  compose,
  contextOf,
  InterceptedRequest,
  responseOf,
  takeOver,
} from "../calls/intercepted.ts";
import { type MessageInit, wholeMessage } from "../calls/message.ts";
import { createRunServerStream, type ServerStreamSpec, single, wholeMessages } from "../calls/server-stream.ts";
import { createRunUnary, type UnarySpec } from "../calls/unary.ts";
import type { GrpcCall } from "./call.ts";
import { readMessage } from "./read-message.ts";

type Run = (call: GrpcCall) => void;
export type RequestStreamSpec = Exclude<MethodImplSpec, { kind: "unary" | "server_streaming" }>;

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
  return afterReading(createRunUnary(spec, interceptors));
}

/** Calls the handler of a server streaming method through interceptors. */
export function serverStream(spec: ServerStreamSpec, interceptors: readonly Interceptor[]): Run {
  return afterReading(createRunServerStream(spec, interceptors));
}

function afterReading(run: (call: GrpcCall, message: Message) => void): Run {
  return (call) => {
    const message = readMessage(call);
    if (message instanceof Promise) void message.then((read) => run(call, read));
    else run(call, message);
  };
}

/** Calls the handler of a method whose request is a stream through interceptors, which see the same as in Connect. */
export function intercepted(spec: RequestStreamSpec, interceptors: readonly Interceptor[]): Run {
  const next = compose(interceptors, innermost(spec));
  return (call) =>
    guard(call, async () => {
      if (call.request.fault !== undefined) call.context.values.set(requestFault, call.request.fault);
      const response = await next(new InterceptedRequest(call.context, true, call.request.messages()));
      takeOver(response.header, call.context.responseHeader);
      await pump(call, response.message as AsyncIterable<Message>, () => {
        takeOver(response.trailer, call.context.responseTrailer);
      });
    });
}

function innermost(spec: RequestStreamSpec): CallHandler {
  const { output } = spec.method;
  if (spec.kind === "client_streaming") {
    return async (request) => {
      const answer = await spec.impl(request.message as AsyncIterable<Message>, contextOf(request));
      return responseOf(request.original, true, single(wholeMessage(output, answer)));
    };
  }
  return async (request) => {
    const answers = spec.impl(request.message as AsyncIterable<Message>, contextOf(request));
    return responseOf(request.original, true, wholeMessages(output, answers));
  };
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
