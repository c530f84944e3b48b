import type { DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import type { Metadata } from "@grpc/grpc-js";
import { abortError, type Resolvers } from "../wire.ts";
import { ChannelCall, type ChannelStart } from "./channel-call.ts";
import { MetadataHeaders } from "./metadata-headers.ts";

/** Sends a message and resolves to the answer. Rejects with ConnectError. */
export function callUnaryOnChannel(start: ChannelStart<DescMethodUnary>, message: Message): Promise<UnaryResponse> {
  return new Promise((resolve, reject) => {
    if (start.signal?.aborted) reject(abortError(start.signal));
    else new UnaryCall(start, start.method.serialize(message), { resolve, reject });
  });
}

class UnaryCall extends ChannelCall<DescMethodUnary> {
  readonly #settle: Resolvers<UnaryResponse>;
  #message: Message | undefined;

  constructor(start: ChannelStart<DescMethodUnary>, bytes: Buffer, settle: Resolvers<UnaryResponse>) {
    super(start);
    this.#settle = settle;
    this.wire.startRead();
    this.wire.sendMessageWithContext({}, bytes);
    this.wire.halfClose();
  }

  onReceiveMessage(bytes: Buffer): void {
    if (this.#message !== undefined) {
      this.fail(new ConnectError("protocol error: received extra output message for unary method", Code.Unimplemented));
      return;
    }
    try {
      this.#message = this.method.parse(bytes);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.wire.startRead(); // an extra message that nobody reads would keep the call open
  }

  protected finish(trailer: Metadata): void {
    const message = this.#message;
    if (this.failure !== undefined) {
      this.#settle.reject(this.failure);
    } else if (message === undefined) {
      this.#settle.reject(
        new ConnectError("protocol error: missing output message for unary method", Code.Unimplemented),
      );
    } else {
      this.#settle.resolve(this.#response(message, trailer));
    }
  }

  #response(message: Message, trailer: Metadata): UnaryResponse {
    const { desc } = this.method;
    return {
      stream: false,
      service: desc.parent,
      method: desc,
      header: new MetadataHeaders(this.header),
      trailer: new MetadataHeaders(trailer),
      message,
    };
  }
}
