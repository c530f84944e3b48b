/** A parsed path template of google.api.http. */
export type PathTemplate = {
  /** The template as written. */
  readonly source: string;
  /** "*" matches one segment, "**" (only at the end) any number; others match themselves. */
  readonly segments: readonly string[];
  readonly variables: readonly PathVariable[];
  /** What follows the last ":", such as "cancel". */
  readonly verb: string | undefined;
};

/** A variable that covers segments[start] up to, but not including, segments[end]. */
export type PathVariable = { readonly fieldPath: string; readonly start: number; readonly end: number };

const IDENTIFIERS = /^[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)*$/;
const LITERAL = /^[^*{}=:/?#%\s]+$/;

/**
 * Parses a template: "/" segments [":" verb], where a segment is "*", "**", a literal or a variable such as {id}, {user.id} or
 * {name=shelves/*}. Throws an Error with the template if it is invalid.
 */
export function parsePathTemplate(source: string): PathTemplate {
  const fail = (problem: string): never => {
    throw new Error(`path template "${source}": ${problem}`);
  };
  if (!source.startsWith("/")) fail("must start with /");
  const { path, verb } = splitVerb(source);
  if (verb !== undefined && !LITERAL.test(verb)) fail(`"${verb}" is no verb`);

  const segments: string[] = [];
  const variables: PathVariable[] = [];
  for (const part of splitOutsideBraces(path.slice(1))) {
    if (!part.startsWith("{")) {
      segments.push(part);
      continue;
    }
    if (!part.endsWith("}")) fail(`"${part}" is no segment`);
    const [fieldPath = "", ...patterns] = part.slice(1, -1).split("=");
    const pattern = patterns.length === 0 ? "*" : patterns.join("=");
    if (!IDENTIFIERS.test(fieldPath)) fail(`"${fieldPath}" is no field path`);
    if (variables.some((v) => v.fieldPath === fieldPath)) fail(`{${fieldPath}} occurs twice`);
    const start = segments.length;
    segments.push(...pattern.split("/"));
    variables.push({ fieldPath, start, end: segments.length });
  }
  for (const [i, segment] of segments.entries()) {
    if (segment === "**" && i < segments.length - 1) fail("** must be the last segment");
    if (segment !== "*" && segment !== "**" && !LITERAL.test(segment)) fail(`"${segment}" is no segment`);
  }
  return { source, segments, variables, verb };
}

/** The template of one path and no other, such as that of a file; "/" has one, too. */
export function literalTemplate(path: string): PathTemplate {
  return { source: path, segments: path.split("/").filter(Boolean), variables: [], verb: undefined };
}

/** Splits off the verb of a path or template: what follows the last ":" in its last segment. */
export function splitVerb(path: string): { path: string; verb: string | undefined } {
  const colon = path.lastIndexOf(":");
  if (colon < 0 || path.indexOf("/", colon) >= 0 || path.indexOf("}", colon) >= 0) return { path, verb: undefined };
  return { path: path.slice(0, colon), verb: path.slice(colon + 1) };
}

function splitOutsideBraces(path: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const char of path) {
    if (char === "{") depth++;
    if (char === "}") depth--;
    if (char === "/" && depth === 0) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}
