/** The path and query of a request target, which may be an absolute URL. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const origin = target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?#]*/i, "");
  const question = origin.indexOf("?");
  if (question < 0) return { path: origin, query: "" };
  return { path: origin.slice(0, question), query: origin.slice(question + 1) };
}
