import { Code, ConnectError } from "@connectrpc/connect";
import { parseTimeout as parseConnect } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpc } from "@connectrpc/connect/protocol-grpc";
import { shownName } from "./field-violations.ts";
import { setToldText } from "./told-text.ts";

/** The longest delay of a timer, 25 days. With a longer one, it fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The milliseconds of a grpc-timeout, such as "100m". Throws INVALID_ARGUMENT if it is invalid. */
export const grpcTimeoutMs = (value: string): number => timeoutMs("grpc-timeout", parseGrpc, value);

/** The same for a Connect-Timeout-Ms, such as "100". */
export const connectTimeoutMs = (value: string): number => timeoutMs("connect-timeout-ms", parseConnect, value);

/** Replaces Connect's own error, which shows the whole value, whatever the client sent. */
function timeoutMs(header: string, parse: typeof parseGrpc, value: string): number {
  const { timeoutMs: ms, error } = parse(value, Number.MAX_VALUE);
  if (ms !== undefined && error === undefined) return ms;
  const fault = new ConnectError(`invalid ${header} ${shownName(value)}`, Code.InvalidArgument);
  setToldText(fault, `invalid ${header}`);
  throw fault;
}
