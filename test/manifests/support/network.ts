// Who may talk to whom by NetworkPolicies, against what the roles and their contracts ask for.
import { allOf, type Manifest } from "./manifests.ts";
import { type Environment, STORE_NAMES, STORES, WORKLOADS } from "./workloads.ts";

type Peer = { readonly podSelector?: PodSelector; readonly namespaceSelector?: unknown };
type PodSelector = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values: string[] }[];
};
type Rule = {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number }[];
};
export type NetworkPolicy = Manifest & {
  readonly spec: {
    readonly podSelector: PodSelector;
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
};

const GATEWAY = "gateway.networking.k8s.io/gateway-name";
const ANYBODY = "anybody";

/** "order-service -> payment-service:8083" for each pair of which one end's policies, in the shop's namespace, let the call through. */
function arrows(objects: readonly Manifest[], end: "ingress" | "egress"): Set<string> {
  const policies = allOf<NetworkPolicy>(objects, "NetworkPolicy").filter(
    ({ metadata }) => metadata.namespace === "shop",
  );
  return new Set(
    policies.flatMap(({ spec }) =>
      (spec[end] ?? []).flatMap((rule) =>
        appsOf(spec.podSelector).flatMap((own) =>
          others(rule).flatMap((other) =>
            (rule.ports ?? []).map(({ port }) =>
              end === "ingress" ? `${other} -> ${own}:${port}` : `${own} -> ${other}:${port}`,
            ),
          ),
        ),
      ),
    ),
  );
}

function others({ from, to }: Rule): string[] {
  const peers = from ?? to;
  if (peers === undefined) return [ANYBODY];
  return peers.flatMap(({ podSelector, namespaceSelector }) => (namespaceSelector ? [] : appsOf(podSelector ?? {})));
}

/** The apps whose Pods are selected; none for a policy that selects all of the namespace. */
function appsOf({ matchLabels = {}, matchExpressions = [] }: PodSelector): string[] {
  const named = [matchLabels.app, matchLabels[GATEWAY]].flatMap((name) => name ?? []);
  return [...named, ...matchExpressions.flatMap(({ key, values }) => (key === "app" ? values : []))];
}

function expectedIngress({ isMeshed, isProd }: Environment): string[] {
  const calls = WORKLOADS.flatMap(({ name, port, callers }) =>
    callers.map((caller) => `${caller === "edge" && !isMeshed ? ANYBODY : caller} -> ${name}:${port}`),
  );
  return isProd ? calls : [...calls, ...storeCalls(({ app }) => app)];
}

function expectedEgress({ isMeshed, isProd }: Environment): string[] {
  const calls = WORKLOADS.flatMap(({ name, calls: called }) => called.map((callee) => `${name} -> ${callee}`));
  const edge = WORKLOADS.filter(({ isPublic }) => isMeshed && isPublic).map(
    ({ name, port }) => `edge -> ${name}:${port}`,
  );
  return [...calls, ...edge, ...storeCalls(({ app }) => (isProd ? ANYBODY : app))];
}

function storeCalls(target: (store: { readonly app: string }) => string): string[] {
  return WORKLOADS.flatMap(({ name, stores }) =>
    stores.map((store) => `${name} -> ${target(STORES[store])}:${STORES[store].port}`),
  );
}

/** What workloads and stores may not do and must, or may do and need not. */
export function networkFaults(objects: readonly Manifest[], environment: Environment): string[] {
  const ours = [...WORKLOADS.map(({ name }) => name), ...STORE_NAMES.map((store) => STORES[store].app)];
  const isOurs = (arrow: string) => arrow.split(/ -> |:/).some((end) => ours.includes(end));
  return (["ingress", "egress"] as const).flatMap((end) => {
    const expected = new Set(end === "ingress" ? expectedIngress(environment) : expectedEgress(environment));
    const actual = arrows(objects, end);
    return [
      ...[...expected].filter((arrow) => !actual.has(arrow)).map((arrow) => `no ${end} policy for ${arrow}`),
      ...[...actual]
        .filter((arrow) => isOurs(arrow) && !expected.has(arrow))
        .map((arrow) => `needless ${end}: ${arrow}`),
    ];
  });
}
