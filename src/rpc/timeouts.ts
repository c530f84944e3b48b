import type { IncomingHttpHeaders } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { parseTimeout as parseConnect } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpc } from "@connectrpc/connect/protocol-grpc";
import { shownName } from "./field-violations.ts";
import { setToldText } from "./told-text.ts";

/** The longest delay of a timer, 25 days. With a longer one, it fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export const deadlineExceeded = (): ConnectError => new ConnectError("the operation timed out", Code.DeadlineExceeded);

/**
 * Why a client has left a call after `livedMs`: because its own timeout was over, or for reasons of its own. Its clock started before ours, and
 * a timeout travels rounded and may wait in a busy process to be read, so that it leaves somewhat before our own deadline.
 */
export function reasonOfLeaving(livedMs: number, timeoutMs: number | undefined): ConnectError {
  const early = timeoutMs === undefined ? 0 : Math.min(timeoutMs / 2, Math.max(25, Math.min(timeoutMs / 20, 100)));
  if (timeoutMs !== undefined && livedMs >= timeoutMs - early) return deadlineExceeded();
  return new ConnectError("the client cancelled the call", Code.Canceled);
}

type Field = string | string[] | undefined;

/** The milliseconds of a grpc-timeout, such as "100m", if there is one. Throws INVALID_ARGUMENT if it is invalid. */
export const grpcTimeoutMs = (value: Field): number | undefined => timeoutMs("grpc-timeout", parseGrpc, value);

/** The same for a Connect-Timeout-Ms, such as "100". */
export const connectTimeoutMs = (value: Field): number | undefined =>
  timeoutMs("connect-timeout-ms", parseConnect, value);

/** Replaces Connect's own error, which shows the whole value, whatever the client sent. */
function timeoutMs(header: string, parse: typeof parseGrpc, field: Field): number | undefined {
  if (field === undefined) return undefined;
  const value = String(field);
  const { timeoutMs: ms, error } = parse(value, Number.MAX_VALUE);
  if (ms !== undefined && error === undefined) return ms;
  const fault = new ConnectError(`invalid ${header} ${shownName(value)}`, Code.InvalidArgument);
  setToldText(fault, `invalid ${header}`);
  throw fault;
}

/** The timeout in Connect-Timeout-Ms or grpc-timeout, if there is one; or the INVALID_ARGUMENT for which the request must be refused. */
export function requestTimeout({ "connect-timeout-ms": connect, "grpc-timeout": grpc }: IncomingHttpHeaders): {
  readonly timeoutMs?: number;
  readonly fault?: ConnectError;
} {
  try {
    const timeoutMs = connectTimeoutMs(connect) ?? grpcTimeoutMs(grpc);
    return timeoutMs === undefined ? {} : { timeoutMs: Math.min(timeoutMs, MAX_TIMER_MS) };
  } catch (error) {
    return { fault: ConnectError.from(error) };
  }
}
