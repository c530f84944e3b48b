import { Code, ConnectError } from "@connectrpc/connect";
import { parseTimeout as parseConnect } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpc } from "@connectrpc/connect/protocol-grpc";
import { shownName } from "./field-violations.ts";

/** The longest delay that a timer can have, 25 days: with a longer one it fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds of a grpc-timeout, such as "100m"; INVALID_ARGUMENT for what is none. */
export const grpcTimeoutMs = (value: string): number => timeoutMs("grpc-timeout", parseGrpc, value);

/** The same of a Connect-Timeout-Ms, such as "100". */
export const connectTimeoutMs = (value: string): number => timeoutMs("connect-timeout-ms", parseConnect, value);

/** Connect's own errors show all of the value, whatever it is. */
function timeoutMs(header: string, parse: typeof parseGrpc, value: string): number {
  const { timeoutMs: ms, error } = parse(value, Number.MAX_VALUE);
  if (ms !== undefined && error === undefined) return ms;
  throw new ConnectError(`invalid ${header} ${shownName(value)}`, Code.InvalidArgument);
}
