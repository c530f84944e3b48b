import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { filesOf } from "./support/files.ts";
import { OVERLAYS, REPOSITORY, render } from "./support/overlays.ts";

/** Manifests that are read by istioctl, not by kustomize. */
const APART = ["istio/install.yaml"];

describe("overlays", () => {
  it("are these", () => {
    assert.deepEqual(OVERLAYS, [
      "istio/overlays/canary",
      "istio/overlays/dev",
      "istio/overlays/edge-jwt",
      "istio/overlays/faults",
      "istio/overlays/prod",
      "k8s/overlays/dev",
      "k8s/overlays/prod",
    ]);
  });

  for (const overlay of OVERLAYS) {
    it(`${overlay} has every object once, in a namespace that it has too`, async () => {
      const objects = await render(overlay);
      const namespaces = new Set(objects.filter((o) => o.kind === "Namespace").map((o) => o.metadata.name));
      const ids = objects.map(({ kind, metadata }) => `${metadata.namespace}/${kind}/${metadata.name}`);
      assert.deepEqual(
        ids.filter((id, i) => ids.indexOf(id) !== i),
        [],
      );
      const elsewhere = objects.filter((o) => o.metadata.namespace && !namespaces.has(o.metadata.namespace));
      assert.deepEqual(elsewhere, []);
    });
  }

  it("reach every manifest", () => {
    const reached = new Set(OVERLAYS.flatMap((overlay) => [...filesOf(overlay)]));
    const files = globSync("{k8s,istio,observability}/**/*.{yaml,env}", { cwd: REPOSITORY });
    assert.deepEqual(
      files.filter((file) => !reached.has(file)),
      APART,
    );
    const generated = globSync("gen/{k8s,istio,grafana,slo}/**/kustomization.yaml", { cwd: REPOSITORY });
    assert.deepEqual(
      generated.filter((file) => !reached.has(file)),
      [],
    );
  });
});
