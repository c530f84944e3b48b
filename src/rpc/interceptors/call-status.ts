import { Code } from "@connectrpc/connect";

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

/** Whether the semantic conventions blame the server for this code, rather than the request. */
export function isServerFault(code: Code): boolean {
  return FAULTS.has(code);
}
