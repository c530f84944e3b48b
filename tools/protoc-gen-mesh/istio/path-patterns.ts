import type { PathTemplate } from "../../../src/rpc/rest/path-template.ts";

/** Matches the paths of a template, in the form of a VirtualService's `uri`. */
export function uriMatch({ segments, verb }: PathTemplate): { exact: string } | { regex: string } {
  const end = verb === undefined ? "" : `:${verb}`;
  if (!segments.some(isWildcard)) return { exact: `/${segments.join("/")}${end}` };
  const patterns = segments.map((s) => (s === "*" ? "/[^/]+" : s === "**" ? "(/.*)?" : `/${literal(s)}`));
  return { regex: patterns.join("") + literal(end) };
}

/**
 * The paths of a template, in the form of an AuthorizationPolicy. Its {*} matches a whole segment, so a verb behind a variable cannot be
 * told apart from the variable: "/api/orders/{*}" includes "/api/orders/{id}:cancel".
 */
export function allowedPaths({ segments, verb }: PathTemplate): string[] {
  const path = segments.map((s) => (isWildcard(s) ? `/{${s}}` : `/${s}`)).join("");
  const last = segments.at(-1) ?? "";
  if (!isWildcard(last)) return [verb === undefined ? path : `${path}:${verb}`];
  return last === "**" ? [path.slice(0, -"/{**}".length) || "/", path] : [path];
}

/** Sorts the template first that matches fewer paths: where two match the same path, it is the one that is meant. */
export function compareTemplates(a: PathTemplate, b: PathTemplate): number {
  const byVerb = Number(a.verb === undefined) - Number(b.verb === undefined);
  if (byVerb !== 0) return byVerb;
  const shared = Math.min(a.segments.length, b.segments.length);
  for (let i = 0; i < shared; i++) {
    const bySegment = breadth(a.segments[i]) - breadth(b.segments[i]);
    if (bySegment !== 0) return bySegment;
  }
  return a.source < b.source ? -1 : 1;
}

const isWildcard = (segment: string): boolean => segment === "*" || segment === "**";

const breadth = (segment: string | undefined): number => (segment === "**" ? 2 : segment === "*" ? 1 : 0);

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
