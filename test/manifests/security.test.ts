import assert from "node:assert/strict";
import { allOf, type Deployment, type Manifest, one } from "./support/manifests.ts";
import type { NetworkPolicy } from "./support/network.ts";
import { OVERLAYS, render } from "./support/overlays.ts";
import { WORKLOADS } from "./support/workloads.ts";

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

    it("spreads each role over zones and nodes", () => {
      for (const { name } of WORKLOADS) {
        const { spec } = one<Deployment>(objects, "Deployment", name);
        const spread = spec.template.spec.topologySpreadConstraints?.map((c) => c.topologyKey);
        assert.deepEqual(spread, ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
      }
    });
  });
}
