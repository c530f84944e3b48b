// Request streams whose interceptors are all made of hooks: no iterator for each interceptor, and no promise of theirs for each message.
import type { JoinedHooks } from "../../hooks/hooks.ts";
import type { Passage } from "../../hooks/passage.ts";
import { requestFault } from "../../request-fault.ts";
import { pump } from "../calls/answer-stream.ts";
import { inPassage } from "../calls/in-passage.ts";
import { wholeMessage } from "../calls/message.ts";
import type { GrpcCall } from "./call.ts";
import type { RequestStreamSpec } from "./invoke.ts";

/** Calls the handler of a method whose request is a stream through hooks. */
export function hooked(spec: RequestStreamSpec, hooks: JoinedHooks): (call: GrpcCall) => void {
  const serve = createServe(spec);
  return (call) => {
    if (call.request.fault !== undefined) call.context.values.set(requestFault, call.request.fault);
    void inPassage(call, hooks, serve);
  };
}

function createServe(spec: RequestStreamSpec): (call: GrpcCall, passage: Passage) => Promise<void> {
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
