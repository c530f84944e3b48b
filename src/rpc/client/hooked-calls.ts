// Calls whose interceptors are all made of hooks: no promise or request for each interceptor, one promise for each message.
import type { DescMethodStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { StreamResponse, UnaryResponse } from "@connectrpc/connect";
import type { JoinedHooks } from "../hooks/hooks.ts";
import { Passage } from "../hooks/passage.ts";
import { HookedRequest } from "./hooked-request.ts";
import type { Input } from "./input.ts";
import type { Method } from "./method.ts";
import type { ClientRequestInit } from "./request.ts";
import type { CallInit, Wire } from "./wire.ts";

type UnaryInit = ClientRequestInit & { readonly method: Method<DescMethodUnary>; readonly message: Message };
type StreamInit = ClientRequestInit & { readonly method: Method<DescMethodStreaming>; readonly message: Input };

/** Makes a call. Rejects with ConnectError. */
export async function hookedUnary(wire: Wire, hooks: JoinedHooks, init: UnaryInit): Promise<UnaryResponse> {
  const request = new HookedRequest(init);
  const passage = new Passage(hooks, request);
  try {
    passage.begin(init.message);
    const call: CallInit<DescMethodUnary> = { ...callOf(init, request), method: init.method };
    const response = await passage.run(wire.unary, call, init.message);
    passage.succeed(response.header);
    request.end();
    return response;
  } catch (reason) {
    throw request.fail(await passage.fail(reason));
  }
}

/** Opens a stream. It and its messages reject with ConnectError. */
export async function hookedStream(wire: Wire, hooks: JoinedHooks, init: StreamInit): Promise<StreamResponse> {
  const request = new HookedRequest(init);
  const passage = new Passage(hooks, request);

  const failed = async (reason: unknown, header?: Headers): Promise<never> => {
    const error = request.fail(await passage.fail(reason, header));
    init.message.close(error);
    throw error;
  };

  try {
    passage.begin();
    const call: CallInit<DescMethodStreaming> = { ...callOf(init, request), method: init.method };
    const response = await passage.run(wire.stream, call, passage.checked(init.message), init.message);
    const { header } = response;
    const messages = response.message[Symbol.asyncIterator]();
    const passed = (result: IteratorResult<Message>) => {
      if (!result.done) return result;
      try {
        passage.succeed(header);
        request.end();
        return result;
      } catch (error) {
        return failed(error, header);
      }
    };
    const next = () => messages.next().then(passed, (reason) => failed(reason, header));
    return { ...response, message: { [Symbol.asyncIterator]: () => ({ next }) } };
  } catch (reason) {
    return failed(reason);
  }
}

const callOf = ({ signal, deadline }: ClientRequestInit, { header }: HookedRequest) => ({ signal, deadline, header });
