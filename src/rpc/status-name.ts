import { Code } from "@connectrpc/connect";

const NAMES = new Map<Code | undefined, string>([[undefined, "OK"]]);
for (const [name, code] of Object.entries(Code)) {
  if (typeof code === "number") NAMES.set(code, name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase());
}
// Connect spells it with one L, gRPC and the semantic conventions with two.
NAMES.set(Code.Canceled, "CANCELLED");

const CODES = new Map([...NAMES].map(([code, name]) => [name, code]));

/** The gRPC name of a status code, such as "NOT_FOUND"; "OK" for undefined. */
export function statusName(code: Code | undefined): string {
  return NAMES.get(code) ?? "UNKNOWN";
}

/** The status code of a gRPC name. Throws if there is none, and for "OK". */
export function codeNamed(name: string): Code {
  const code = CODES.get(name);
  if (code === undefined) throw new Error(`there is no status code ${JSON.stringify(name)}`);
  return code;
}
