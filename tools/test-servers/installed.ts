import { findProgram } from "../programs.ts";

/** The path of a server's program that this machine has already; with TEST_SERVERS=fetched none counts, so that all get the same. */
export function installed(...names: readonly string[]): string | undefined {
  if (process.env.TEST_SERVERS === "fetched") return undefined;
  for (const name of names) {
    const found = findProgram(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
