import type { Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { requestFault } from "../../request-fault.ts";
import type { GrpcCall } from "./call.ts";

/** An empty message stands in for an unreadable one, so that interceptors see every call; requestFault has the reason. */
export function readMessage(call: GrpcCall): Message | Promise<Message> {
  const unreadable = (error: unknown): Message => {
    call.context.values.set(requestFault, ConnectError.from(error));
    return call.request.emptyMessage();
  };
  try {
    const message = call.request.message();
    return message instanceof Promise ? message.catch(unreadable) : message;
  } catch (error) {
    return unreadable(error);
  }
}
