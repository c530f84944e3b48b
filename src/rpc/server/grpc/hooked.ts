// Streams whose interceptors are all made of hooks: no iterator for each interceptor, and no promise of theirs for each message.
import type { JoinedHooks } from "../../hooks/hooks.ts";
import { Passage } from "../../hooks/passage.ts";
import { requestFault } from "../../request-fault.ts";
import { wholeMessage } from "../calls/message.ts";
import type { GrpcCall } from "./call.ts";
import type { StreamSpec } from "./invoke.ts";
import { pump } from "./pump.ts";
import { readMessage } from "./read-message.ts";

type Run = (call: GrpcCall) => void;

/** Calls the handler of a streaming method through hooks. */
export function hooked(spec: StreamSpec, hooks: JoinedHooks): Run {
  if (spec.kind !== "server_streaming") {
    const serve = createServe(spec);
    return (call) => {
      if (call.request.fault !== undefined) call.context.values.set(requestFault, call.request.fault);
      void inPassage(call, hooks, serve);
    };
  }
  return async (call) => {
    const request = await readMessage(call); // first, since hooks shall see what is wrong with it
    await inPassage(call, hooks, (_, passage) => {
      passage.check(request);
      return pump(call, spec.impl(request, call.context), () => passage.succeed(call.context.responseHeader));
    });
  };
}

async function fail(call: GrpcCall, passage: Passage, reason: unknown): Promise<void> {
  call.fail(await passage.fail(reason, call.context.responseHeader));
}

type Serve = (call: GrpcCall, passage: Passage) => Promise<void>;

/** For request streams. */
function createServe(spec: Exclude<StreamSpec, { kind: "server_streaming" }>): Serve {
  const messagesOf = (call: GrpcCall, passage: Passage) => passage.checked(call.request.messages());
  if (spec.kind === "bidi_streaming") {
    return (call, passage) =>
      pump(call, spec.impl(messagesOf(call, passage), call.context), () =>
        passage.succeed(call.context.responseHeader),
      );
  }
  return async (call, passage) => {
    const answer = await spec.impl(messagesOf(call, passage), call.context);
    const message = wholeMessage(spec.method.output, answer);
    passage.succeed(call.context.responseHeader);
    call.reply(message);
  };
}

/** Serves a call within hooks, to which its end is told at once when its client has gone, or its time is over. */
async function inPassage(call: GrpcCall, hooks: JoinedHooks, serve: Serve): Promise<void> {
  const { context } = call;
  const passage = new Passage(hooks, context);
  context.onAbort = (error) => passage.abandon(error);
  try {
    passage.begin();
    if (context.abortError !== undefined) passage.abandon(context.abortError); // while its message was decompressed
    await passage.run(serve, call, passage);
  } catch (error) {
    await fail(call, passage, error);
  }
}
