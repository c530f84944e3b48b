// Calls whose interceptors are all made of hooks: no promise, request or response object for each interceptor, and none for each message.
import type { Message } from "@bufbuild/protobuf";
import type { MethodImplSpec } from "@connectrpc/connect";
import { context as contexts } from "@opentelemetry/api";
import type { JoinedHooks } from "../../hooks/hooks.ts";
import { Passage } from "../../hooks/passage.ts";
import { requestFault } from "../../request-fault.ts";
import type { GrpcCall } from "./call.ts";
import { type MessageInit, wholeMessage } from "./message.ts";
import { pump } from "./pump.ts";
import { readMessage } from "./read-message.ts";

type Run = (call: GrpcCall) => void;
type Spec<Kind extends MethodImplSpec["kind"]> = Extract<MethodImplSpec, { kind: Kind }>;

/** Calls the handler through hooks. */
export function hooked(spec: MethodImplSpec, hooks: JoinedHooks): Run {
  if (spec.kind === "unary") return hookedUnary(spec, hooks);
  const serve = serveStream(spec);
  return (call) => {
    if (call.request.fault !== undefined) call.context.values.set(requestFault, call.request.fault);
    void inPassage(call, hooks, serve);
  };
}

function hookedUnary({ impl, method: { output } }: Spec<"unary">, hooks: JoinedHooks): Run {
  function serve(call: GrpcCall, message: Message): void {
    const passage = new Passage(hooks, call.context);
    try {
      passage.begin(message);
      const answer = contexts.with(passage.context, impl, undefined, message, call.context);
      if (answer instanceof Promise) {
        answer.then(
          (init) => reply(call, passage, init),
          (error: unknown) => fail(call, passage, error),
        );
      } else reply(call, passage, answer);
    } catch (error) {
      void fail(call, passage, error);
    }
  }

  function reply(call: GrpcCall, passage: Passage, init: MessageInit): void {
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

  return (call) => {
    const message = readMessage(call);
    if (message instanceof Promise) void message.then((read) => serve(call, read));
    else serve(call, message);
  };
}

async function fail(call: GrpcCall, passage: Passage, reason: unknown): Promise<void> {
  call.fail(await passage.fail(reason, call.context.responseHeader));
}

type Serve = (call: GrpcCall, passage: Passage) => Promise<void>;

function serveStream(spec: Spec<"client_streaming" | "server_streaming" | "bidi_streaming">): Serve {
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
