import type { Yaml } from "../protoc-gen-mesh/yaml-file.ts";
import type { Store } from "./stores.ts";
import type { Workload } from "./workloads.ts";

/** An ingress or egress rule. */
type Rule = { readonly [field: string]: Yaml };

const API = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };

const pods = (app: string): Yaml => ({ podSelector: { matchLabels: { app } } });
const tcp = (port: number): Yaml => [{ protocol: "TCP", port }];

/** Lets calls in from the workloads that the contract names, and calls out to the peers. No policy if there are none of either. */
export function callPolicies({ name, port, callers, peers }: Workload, workloads: readonly Workload[]): Yaml[] {
  const inside = workloads.map((workload) => workload.name).filter((other) => callers.includes(other));
  const ingress = inside.length === 0 ? [] : [{ from: inside.map(pods), ports: tcp(port) }];
  const egress = peers.map((peer) => ({ to: [pods(peer.name)], ports: tcp(peer.port) }));
  if (ingress.length + egress.length === 0) return [];
  return [policy({ name }, { matchLabels: { app: name } }, ingress, egress)];
}

/** Lets these workloads call a store in the namespace: one policy for the store, one for the workloads. */
export function storePolicies({ app, port }: Store, users: readonly string[], namespace: string): Yaml[] {
  const from: Rule = { from: users.map(pods), ports: tcp(port) };
  const to: Rule = { to: [pods(app)], ports: tcp(port) };
  return [
    policy({ name: app, namespace }, { matchLabels: { app } }, [from], []),
    policy({ name: `to-${app}`, namespace }, anyOf(users), [], [to]),
  ];
}

/** Lets these workloads call a store outside of the cluster, at any address. */
export function externalStorePolicy({ app, port }: Store, users: readonly string[], namespace: string): Yaml {
  return policy({ name: `to-${app}`, namespace }, anyOf(users), [], [{ ports: tcp(port) }]);
}

const anyOf = (apps: readonly string[]): Yaml => ({ matchExpressions: [{ key: "app", operator: "In", values: apps }] });

function policy(
  metadata: { readonly name: string; readonly namespace?: string },
  podSelector: Yaml,
  ingress: readonly Rule[],
  egress: readonly Rule[],
): Yaml {
  const policyTypes = [...(ingress.length > 0 ? ["Ingress"] : []), ...(egress.length > 0 ? ["Egress"] : [])];
  const rules = { ...(ingress.length > 0 && { ingress }), ...(egress.length > 0 && { egress }) };
  return { ...API, metadata, spec: { podSelector, policyTypes, ...rules } };
}
