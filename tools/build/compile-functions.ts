import type { Debugger } from "node:inspector";
import { pathToFileURL } from "node:url";

/** Where a function ends in its file: the offset behind its last character. */
export type FunctionEnd = number;

/** The file beside the executable's main module that has the ends of the functions to compile, in JSON. */
export const REHEARSED = "rehearsed.json";

/**
 * Has V8 compile these functions of a script that has run, without calling them. Throws if no such script has. Nothing else in Node does: a
 * debugger that asks where in a function it could break does, since only compiled code has such places.
 */
export function compileFunctions(file: string, text: string, ends: readonly FunctionEnd[]): void {
  const { Session } = process.getBuiltinModule("node:inspector");
  const session = new Session();
  session.connect();
  let scriptId = "";
  const names = [file, pathToFileURL(file).href];
  session.on("Debugger.scriptParsed", ({ params }) => {
    if (names.includes(params.url)) scriptId = params.scriptId;
  });
  session.post("Debugger.enable");
  if (scriptId === "") throw new Error(`there is no script ${file}`);
  const locationOf = locations(text, scriptId);
  const failed = (error: Error | null) => {
    if (error !== null) throw error;
  };
  for (const end of ends.toSorted((a, b) => a - b)) {
    session.post("Debugger.getPossibleBreakpoints", { start: locationOf(end - 1), end: locationOf(end) }, failed);
  }
  session.post("Debugger.disable");
  session.disconnect();
}

/** Finds the line and column of offsets that ascend. */
function locations(text: string, scriptId: string): (offset: number) => Debugger.Location {
  let lineNumber = 0;
  let lineStart = 0;
  return (offset) => {
    for (let end = text.indexOf("\n", lineStart); end >= 0 && end < offset; end = text.indexOf("\n", lineStart)) {
      lineNumber++;
      lineStart = end + 1;
    }
    return { scriptId, lineNumber, columnNumber: offset - lineStart };
  };
}
