import assert from "node:assert/strict";
import { policies } from "../../gen/mesh/policies.js";
import { allOf, type Deployment, type Manifest, one } from "./support/manifests.ts";
import { OVERLAYS, render } from "./support/overlays.ts";

type Peer = { podSelector?: { matchLabels?: Record<string, string> }; namespaceSelector?: unknown };
type Rule = { from?: Peer[]; to?: Peer[]; ports?: { protocol: string; port: number }[] };
type NetworkPolicy = Manifest & {
  readonly spec: {
    readonly podSelector: {
      readonly matchLabels?: Readonly<Record<string, string>>;
      readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
    };
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
};
type HorizontalPodAutoscaler = Manifest & {
  readonly spec: { readonly minReplicas: number; readonly scaleTargetRef: { readonly name: string } };
};
type DisruptionBudget = Manifest & {
  readonly spec: { readonly selector: { readonly matchLabels: { readonly app: string } } };
};

/** "order-service -> payment-service:8083" for each pair of workloads that may talk by both ends' policies. */
function arrows(objects: readonly Manifest[], end: "ingress" | "egress"): Set<string> {
  const found = new Set<string>();
  for (const { metadata, spec } of allOf<NetworkPolicy>(objects, "NetworkPolicy")) {
    if (metadata.namespace !== "shop") continue;
    const { matchLabels, matchExpressions } = spec.podSelector;
    const selected = matchLabels?.app ? [matchLabels.app] : (matchExpressions?.[0]?.values ?? []);
    for (const rule of spec[end] ?? []) {
      const others = (rule.from ?? rule.to ?? []).flatMap((p) =>
        p.namespaceSelector ? [] : (p.podSelector?.matchLabels?.app ?? []),
      );
      for (const other of others) {
        for (const own of selected) {
          const [from, to] = end === "ingress" ? [other, own] : [own, other];
          for (const { port } of rule.ports ?? []) found.add(`${from} -> ${to}:${port}`);
        }
      }
    }
  }
  return found;
}

/** The same of the contracts: who calls whom. */
function callsOfContracts(): Set<string> {
  const calls = Object.values(policies).flatMap(({ workload, port, methods }) =>
    Object.values(methods).flatMap(({ callers }) => callers.map((caller) => `${caller} -> ${workload}:${port}`)),
  );
  return new Set(calls.filter((call) => !call.startsWith("edge ")));
}

const STORES = [
  "order-service -> postgres:5432",
  "payment-service -> postgres:5432",
  "user-service -> postgres:5432",
  "user-service -> redis:6379",
];

const sorted = (set: Iterable<string>) => [...set].sort();

for (const overlay of OVERLAYS) {
  describe(`security of ${overlay}`, () => {
    let objects: Manifest[];
    before(async () => {
      objects = await render(overlay);
    });

    it("has every Pod within the restricted Pod security standard, on a file system that it cannot change", () => {
      for (const { metadata, spec } of allOf<Deployment>(objects, "Deployment")) {
        const pod = spec.template.spec;
        const { runAsNonRoot, seccompProfile } = pod.securityContext;
        assert.deepEqual(
          { runAsNonRoot, seccompProfile },
          { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        );
        for (const container of pod.containers) {
          const expected = {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          };
          assert.deepEqual(container.securityContext, expected, metadata.name);
        }
        const kinds = (pod.volumes ?? []).flatMap(({ name: _, ...volume }) => Object.keys(volume));
        assert.deepEqual(
          kinds.filter((kind) => !["emptyDir", "configMap", "secret", "projected"].includes(kind)),
          [],
        );
      }
    });

    it("gives the API's token to the collector alone", () => {
      const withToken = allOf<Deployment>(objects, "Deployment").filter(
        (d) => d.spec.template.spec.automountServiceAccountToken !== false,
      );
      assert.deepEqual(
        withToken.map((d) => d.metadata.name),
        ["otel-collector"],
      );
    });

    it("lets nothing through that no policy names", () => {
      const { spec } = one<NetworkPolicy>(objects, "NetworkPolicy", "default-deny");
      assert.deepEqual(spec, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    });

    it("lets through exactly the calls of the contracts, at both ends", () => {
      const stores = overlay.endsWith("prod") ? [] : STORES;
      const expected = sorted([...callsOfContracts(), ...stores]);
      assert.deepEqual(sorted(arrows(objects, "ingress")), expected);
      assert.deepEqual(sorted(arrows(objects, "egress")), expected);
    });

    it("keeps each role up while nodes are emptied", () => {
      const budgets = allOf<DisruptionBudget>(objects, "PodDisruptionBudget").map(
        (b) => b.spec.selector.matchLabels.app,
      );
      const needed = Object.values(policies).map((p) => p.workload);
      assert.deepEqual(sorted(budgets), sorted([...needed, "otel-collector"]));
      for (const name of needed) {
        const { spec } = one<Deployment>(objects, "Deployment", name);
        const spread = spec.template.spec.topologySpreadConstraints?.map((c) => c.topologyKey);
        assert.deepEqual(spread, ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
      }
    });
  });
}

describe("scale", () => {
  it("is three Pods a role and more by load, in prod", async () => {
    for (const overlay of OVERLAYS.filter((name) => name.endsWith("prod"))) {
      const objects = await render(overlay);
      const scaled = allOf<HorizontalPodAutoscaler>(objects, "HorizontalPodAutoscaler");
      const targets = scaled.map(({ spec }) => [spec.scaleTargetRef.name, spec.minReplicas]);
      assert.deepEqual(
        targets.sort(),
        Object.values(policies)
          .map((p) => [p.workload, 3])
          .sort(),
      );
      for (const { workload } of Object.values(policies)) {
        assert.equal(one<Deployment>(objects, "Deployment", workload).spec.replicas, undefined);
      }
    }
  });
});
