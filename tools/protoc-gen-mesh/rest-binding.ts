import { type PathTemplate, parsePathTemplate } from "../../src/rpc/rest/path-template.ts";

/** An HTTP method and path by which an RPC can be called too. */
export type RestBinding = { readonly httpMethod: string; readonly template: PathTemplate };

/** The part of a google.api.HttpRule in ProtoJSON that says how to reach the RPC: { get: "/api/users/{id}" }. */
export type RestRule = {
  readonly [httpMethod in (typeof HTTP_METHODS)[number]]?: string;
} & {
  readonly custom?: { readonly kind: string; readonly path: string };
  readonly additionalBindings?: readonly RestRule[];
};

const HTTP_METHODS = ["get", "put", "post", "delete", "patch"] as const;

/** The bindings of a rule, additional ones included. Throws an Error for a path that is no template. */
export function restBindings(rule: RestRule): RestBinding[] {
  const plain = HTTP_METHODS.map((method) => [method.toUpperCase(), rule[method]] as const);
  const all = [...plain, [rule.custom?.kind ?? "", rule.custom?.path] as const];
  const own = all.flatMap(([httpMethod, path]) =>
    path === undefined ? [] : [{ httpMethod, template: parsePathTemplate(path) }],
  );
  return [...own, ...(rule.additionalBindings ?? []).flatMap(restBindings)];
}
