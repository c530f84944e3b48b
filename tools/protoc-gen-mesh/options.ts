export type MeshOptions = {
  /** The Kubernetes namespace of the workloads. Default: "default". */
  readonly namespace: string;
  /** The trust domain of the mesh's identities. Default: "cluster.local". */
  readonly trustDomain: string;
  /** The DNS domain of the cluster. Default: "cluster.local". */
  readonly clusterDomain: string;
  /** The identity of the ingress, which is the caller "edge". Default: "cluster.local/ns/istio-ingress/sa/istio-ingress". */
  readonly edgePrincipal: string;
  /** The Gateway through which the edge calls, as VirtualServices name it. Default: "edge". */
  readonly edgeGateway: string;
  /** The host name under which the edge is called. Default: "*", any. */
  readonly edgeHost: string;
  /** Paths that the edge may request in addition to those of the contract, such as "/health". Repeatable. Default: none. */
  readonly edgePaths: readonly string[];
  /** How many tries of one RPC a single call from outside may cause, by retries along the path. Default: 6. */
  readonly maxTries: number;
};

/** The option's name in buf.gen.yaml. */
const NAMES: Readonly<Record<string, keyof MeshOptions>> = {
  namespace: "namespace",
  trust_domain: "trustDomain",
  cluster_domain: "clusterDomain",
  edge_principal: "edgePrincipal",
  edge_gateway: "edgeGateway",
  edge_host: "edgeHost",
  edge_path: "edgePaths",
  max_tries: "maxTries",
};

/** Reads "namespace=shop,edge_path=/health". Throws Error for an option that is unknown or has no value. */
export function readOptions(parameter: string): MeshOptions {
  const given = new Map<keyof MeshOptions, string[]>();
  for (const part of parameter.split(",").filter((p) => p !== "")) {
    const [name = "", ...rest] = part.split("=");
    const option = NAMES[name];
    const value = rest.join("=");
    if (option === undefined) throw new Error(`unknown option "${name}": expected ${Object.keys(NAMES).join(", ")}`);
    if (value === "") throw new Error(`option "${name}" has no value`);
    given.set(option, [...(given.get(option) ?? []), value]);
  }
  const text = (option: keyof MeshOptions, fallback: string) => given.get(option)?.at(-1) ?? fallback;
  const maxTries = Number(text("maxTries", "6"));
  if (!Number.isInteger(maxTries) || maxTries < 1) throw new Error(`option "max_tries" must be a whole number above 0`);
  return {
    namespace: text("namespace", "default"),
    trustDomain: text("trustDomain", "cluster.local"),
    clusterDomain: text("clusterDomain", "cluster.local"),
    edgePrincipal: text("edgePrincipal", "cluster.local/ns/istio-ingress/sa/istio-ingress"),
    edgeGateway: text("edgeGateway", "edge"),
    edgeHost: text("edgeHost", "*"),
    edgePaths: given.get("edgePaths") ?? [],
    maxTries,
  };
}
