import { Code, type ConnectError } from "@connectrpc/connect";
import type { HookedCall } from "../hooks/hooks.ts";
import { isProtocolFault, requestFault } from "../request-fault.ts";

const FAULTS = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** Whether the semantic conventions blame the server for a status code. */
export const isFaultCode = (code: Code): boolean => FAULTS.has(code);

/**
 * Whether the server is to blame for the error: the semantic conventions say so of its code, and it is not about a request that cannot be
 * read, for which the protocols have some of these codes, too.
 */
export function isOurFault(call: HookedCall, error: ConnectError): boolean {
  return isFaultCode(error.code) && !isProtocolFault(error) && error !== call.contextValues.get(requestFault);
}
