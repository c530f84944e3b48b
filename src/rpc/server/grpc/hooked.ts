// Streams whose interceptors are all made of hooks: no iterator for each interceptor, and no promise of theirs for each message.
import { context as contexts } from "@opentelemetry/api";
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
  const serve = createServe(spec);
  return (call) => {
    if (call.request.fault !== undefined) call.context.values.set(requestFault, call.request.fault);
    void inPassage(call, hooks, serve);
  };
}

async function fail(call: GrpcCall, passage: Passage, reason: unknown): Promise<void> {
  call.fail(await passage.fail(reason, call.context.responseHeader));
}

type Serve = (call: GrpcCall, passage: Passage) => Promise<void>;

function createServe(spec: StreamSpec): Serve {
  const { output } = spec.method;
  const succeed = (call: GrpcCall, passage: Passage) => () => passage.succeed(call.context.responseHeader);
  switch (spec.kind) {
    case "client_streaming":
      return async (call, passage) => {
        const message = wholeMessage(output, await spec.impl(passage.checked(call.request.messages()), call.context));
        passage.succeed(call.context.responseHeader);
        call.reply(message);
      };
    case "server_streaming":
      return async (call, passage) => {
        const request = await readMessage(call);
        passage.check(request);
        await pump(call, spec.impl(request, call.context), succeed(call, passage));
      };
    case "bidi_streaming":
      return (call, passage) =>
        pump(call, spec.impl(passage.checked(call.request.messages()), call.context), succeed(call, passage));
  }
}

/** Serves a call within hooks, to which its end is told at once when its client has gone, or its time is over. */
async function inPassage(call: GrpcCall, hooks: JoinedHooks, serve: Serve): Promise<void> {
  const passage = new Passage(hooks, call.context);
  call.context.onAbort = (error) => passage.abandon(error);
  try {
    passage.begin();
    await contexts.with(passage.context, serve, undefined, call, passage);
  } catch (error) {
    await fail(call, passage, error);
  }
}
