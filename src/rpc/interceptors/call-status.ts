import { Code, type ConnectError } from "@connectrpc/connect";
import type { HookedCall } from "../hooks/hooks.ts";
import { isProtocolFault, requestFault } from "../request-fault.ts";

const NAMES = new Map<Code | undefined, string>([[undefined, "OK"]]);
for (const [name, code] of Object.entries(Code)) {
  if (typeof code === "number") NAMES.set(code, name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase());
}
// Connect spells it with one L, gRPC and the semantic conventions with two.
NAMES.set(Code.Canceled, "CANCELLED");

const FAULTS = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** The gRPC name of a status code, such as "NOT_FOUND"; "OK" for undefined. */
export function statusName(code: Code | undefined): string {
  return NAMES.get(code) ?? "UNKNOWN";
}

/**
 * Whether the server is to blame for the error: the semantic conventions say so of its code, and it is not about a request that cannot be
 * read, for which the protocols have some of these codes, too.
 */
export function isOurFault(call: HookedCall, error: ConnectError): boolean {
  return FAULTS.has(error.code) && !isProtocolFault(error) && error !== call.contextValues.get(requestFault);
}
