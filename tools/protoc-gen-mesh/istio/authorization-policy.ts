import { EDGE, type Rpc, type Workload } from "../contract.ts";
import type { MeshOptions } from "../options.ts";
import type { Yaml } from "../yaml-file.ts";
import { principalOf } from "./host.ts";
import { allowedPaths } from "./path-patterns.ts";

const API = { apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy" };

/** Nothing in the namespace may be called unless another policy allows it. */
export function denyAll({ namespace }: Pick<MeshOptions, "namespace">): Yaml {
  return { ...API, metadata: { name: "deny-all", namespace }, spec: {} };
}

/** Who may call which methods of the workload: one rule for each set of callers. No policy if it has no callers. */
export function authorizationPolicies({ name, services }: Workload, options: MeshOptions): Yaml[] {
  const byCallers = Map.groupBy(
    services.flatMap((s) => s.rpcs).filter((rpc) => rpc.callers.length > 0),
    (rpc) => [...rpc.callers].sort().join(),
  );
  if (byCallers.size === 0) return [];
  const rules = [...byCallers].map(([callers, rpcs]) => rule(callers.split(","), rpcs, options));
  return [
    {
      ...API,
      metadata: { name, namespace: options.namespace, labels: { app: name } },
      spec: { selector: { matchLabels: { app: name } }, action: "ALLOW", rules },
    },
  ];
}

function rule(callers: readonly string[], rpcs: readonly Rpc[], options: MeshOptions): Yaml {
  const rest = rpcs.flatMap((rpc) => rpc.rest).flatMap((binding) => allowedPaths(binding.template));
  const beside = callers.includes(EDGE) ? options.edgePaths : [];
  const paths = [...new Set([...rpcs.map((rpc) => rpc.path), ...rest, ...beside])];
  return {
    from: [{ source: { principals: callers.map((caller) => principalOf(caller, options)) } }],
    to: [{ operation: { paths } }],
  };
}
