import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Call } from "./call.ts";

/** Limits for each message. */
export type MessageLimits = {
  /** Largest request message, as sent and decompressed, in bytes. Default: 64 KiB. */
  readonly readMaxBytes: number;
  /** Response messages of at least this size are compressed for clients that accept it, in bytes; Infinity: never. Default: 1 KiB. */
  readonly compressMinBytes: number;
};

/** Told of errors that are no ConnectErrors, whose text no client gets to see. */
export type ReportError = (error: unknown, method?: DescMethod) => void;

/** A method, ready to be called. */
export type Route = {
  readonly method: DescMethod;
  /** Such as "/shop.order.v1.OrderService/GetOrder". */
  readonly path: string;
  readonly limits: MessageLimits;
  readonly onError: ReportError;
  /** Whether a request is one message: then run is called when it is in. Otherwise at once, and the handler reads the messages. */
  readonly singleRequest: boolean;
  readonly run: (call: Call) => void;
};

/** What a client gets to see of an error: a ConnectError as it is; of all others only that there was one. */
export function asConnectError(reason: unknown, { onError, method }: Route): ConnectError {
  if (reason instanceof ConnectError) return reason;
  onError(reason, method);
  return new ConnectError("internal error", Code.Internal, undefined, undefined, reason);
}
