import createRadixRouter, { type HTTPMethod, type Instance } from "find-my-way";
import { type PathTemplate, splitVerb } from "./path-template.ts";

export type RouteMatch<T> =
  | { readonly kind: "found"; readonly route: T; readonly values: readonly string[] }
  | { readonly kind: "methodNotAllowed"; readonly allow: readonly string[] }
  | { readonly kind: "notFound" };

export type Router<T> = {
  /** Adds a route. Throws if the HTTP method is unknown, or another route has the same method and shape of path. */
  add(httpMethod: string, template: PathTemplate, route: T): void;
  /** Finds the route of a path (without query), with the percent-decoded values of the template's variables. HEAD finds routes of GET. */
  match(httpMethod: string, path: string): RouteMatch<T>;
};

type Entry<T> = { readonly template: PathTemplate; readonly route: T };
type Radix = Instance<never>;

/** A router for path templates: a radix tree for paths without a verb, and another for each verb. */
export function createRouter<T>(): Router<T> {
  const plain = createTree();
  const byVerb = new Map<string, Radix>();
  const httpMethods = new Set<string>();

  const lookup = (tree: Radix, httpMethod: string, path: string): RouteMatch<T> => {
    const found = find<T>(tree, httpMethod, path) ?? (httpMethod === "HEAD" ? find<T>(tree, "GET", path) : undefined);
    if (found !== undefined) return found;
    const allow = [...httpMethods].filter((m) => find<T>(tree, m, path) !== undefined);
    if (allow.includes("GET") && !allow.includes("HEAD")) allow.push("HEAD");
    return allow.length > 0 ? { kind: "methodNotAllowed", allow } : { kind: "notFound" };
  };

  return {
    add(httpMethod, template, route) {
      httpMethods.add(httpMethod);
      const tree = template.verb === undefined ? plain : getOrAdd(byVerb, template.verb, createTree);
      const entry: Entry<T> = { template, route };
      for (const path of radixPaths(template)) {
        tree.on(httpMethod as HTTPMethod, path, unused, entry);
      }
    },
    match(httpMethod, path) {
      const { path: stem, verb } = splitVerb(path);
      const tree = verb === undefined ? undefined : byVerb.get(verb);
      const match = tree && lookup(tree, httpMethod, stem);
      // If nothing matches, what looks like a verb may be part of the last segment.
      return match === undefined || match.kind === "notFound" ? lookup(plain, httpMethod, path) : match;
    },
  };
}

/** The longest path segment that is matched. Node limits all headers of a request to 16 KiB. */
const MAX_SEGMENT = 16_384;

const createTree = (): Radix => createRadixRouter<never>({ maxParamLength: MAX_SEGMENT, querystringParser: unused });

function unused(): void {}

/** The template in the router's syntax, where "**" is "*". That does not match the absence of a segment, for which there is a second path. */
function radixPaths({ segments }: PathTemplate): string[] {
  const path = segments.map((s, i) => (s === "*" ? `/:${i}` : s === "**" ? "/*" : `/${s}`)).join("");
  return segments.at(-1) === "**" ? [path.slice(0, -2) || "/", path] : [path || "/"];
}

function find<T>(tree: Radix, httpMethod: string, path: string): RouteMatch<T> | undefined {
  const match = tree.find(httpMethod as HTTPMethod, path);
  if (match === null) return undefined;
  const { template, route } = match.store as Entry<T>;
  const segments: string[] = [];
  for (const [i, segment] of template.segments.entries()) {
    const value = segment === "*" ? match.params[i] : segment === "**" ? match.params["*"] : segment;
    if (segment === "*" && value === "") return undefined;
    if (value !== undefined) segments.push(value);
  }
  const values = template.variables.map((v) => segments.slice(v.start, v.end).join("/"));
  return { kind: "found", route, values };
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
