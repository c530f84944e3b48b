// By hand, because jsonc-parser is no faster and calls itself for each level: a body of brackets would overflow the stack.

/** The first fault of a text as JSON; lines and columns count from 1. */
export type JsonFault = {
  readonly kind: "malformed" | "duplicateKey";
  readonly line: number;
  readonly column: number;
};

type Container = { readonly keys: Set<string> | undefined };

/**
 * Finds the first place where a text is not JSON, or where an object repeats a key. JSON.parse() accepts repeated keys, and its errors quote
 * the text, or do not say where the fault is. Takes linear time and does not recurse, whatever the text.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: Container[] = [];
  let at = skipSpace(text, 0);
  /** What may come next: "firstItem" and "firstKey" allow the end of the array or object, "after" what follows a value. */
  let state: "value" | "firstItem" | "key" | "firstKey" | "after" = "value";

  while (at < text.length || state !== "after" || open.length > 0) {
    const char = text[at];
    const holder = open.at(-1);
    if (state === "after") {
      if (holder === undefined) return place("malformed", text, at);
      if (char === ",") state = holder.keys ? "key" : "value";
      else if (char === (holder.keys ? "}" : "]")) open.pop();
      else return place("malformed", text, at);
      at++;
    } else if ((state === "firstItem" && char === "]") || (state === "firstKey" && char === "}")) {
      open.pop();
      state = "after";
      at++;
    } else if (state === "key" || state === "firstKey") {
      const end = stringEnd(text, at);
      if (end < 0) return place("malformed", text, ~end);
      const colon = skipSpace(text, end);
      if (text[colon] !== ":") return place("malformed", text, colon);
      const key: string = JSON.parse(text.slice(at, end));
      if (holder?.keys?.has(key)) return place("duplicateKey", text, at);
      holder?.keys?.add(key);
      at = colon + 1;
      state = "value";
    } else if (char === "{" || char === "[") {
      open.push({ keys: char === "{" ? new Set() : undefined });
      state = char === "{" ? "firstKey" : "firstItem";
      at++;
    } else {
      const end = char === '"' ? stringEnd(text, at) : wordEnd(text, at);
      if (end < 0) return place("malformed", text, ~end);
      at = end;
      state = "after";
    }
    at = skipSpace(text, at);
  }
  return undefined;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return at;
}

const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y;

/** The index after the number, true, false or null at this index; ~index if there is none. */
const wordEnd = (text: string, at: number): number => matchEnd(WORD, text, at);

/** The index after the string at this index; ~index of the fault if there is none. */
function stringEnd(text: string, from: number): number {
  if (text[from] !== '"') return ~from;
  let at = from + 1;
  while (text[at] !== '"') {
    if (at >= text.length || text.charCodeAt(at) < 0x20) return ~at;
    const end = text[at] === "\\" ? matchEnd(ESCAPE, text, at) : at + 1;
    if (end < 0) return end;
    at = end;
  }
  return at + 1;
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : ~at;
}

function place(kind: JsonFault["kind"], text: string, at: number): JsonFault {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0 && end < at; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return { kind, line, column: at - start + 1 };
}
