import assert from "node:assert/strict";
import { type ConfigMap, type Deployment, one, type Service } from "./support/manifests.ts";
import { observedAddresses } from "./support/observability.ts";
import { OVERLAYS, render } from "./support/overlays.ts";

type Source = { readonly name?: string; readonly items?: readonly { readonly key: string }[] };
type Volume = {
  readonly name: string;
  readonly configMap?: Source;
  readonly projected?: { readonly sources: readonly { readonly configMap: Source }[] };
};

const KEEPERS = ["grafana", "jaeger", "prometheus", "victoria-logs"];

for (const overlay of OVERLAYS.filter((name) => !name.endsWith("/prod"))) {
  describe(`what keeps and shows telemetry in ${overlay}`, () => {
    it("is asked at ports that its Services have", async () => {
      const objects = await render(overlay);
      for (const { hostname, port } of observedAddresses().map((address) => new URL(address))) {
        const { metadata, spec } = one<Service>(objects, "Service", hostname);
        assert.equal(metadata.namespace, "observability");
        assert.ok(
          spec.ports.some((served) => served.port === Number(port)),
          `${hostname}:${port}`,
        );
      }
    });

    it("mounts nothing that is not there", async () => {
      const objects = await render(overlay);
      for (const name of KEEPERS) {
        const { spec } = one<Deployment>(objects, "Deployment", name).spec.template;
        for (const { configMap, projected } of (spec.volumes ?? []) as Volume[]) {
          const sources = [...(configMap ? [configMap] : []), ...(projected?.sources ?? []).map((s) => s.configMap)];
          for (const { name: from = "", items = [] } of sources) {
            const { data } = one<ConfigMap>(objects, "ConfigMap", from);
            assert.deepEqual(
              items.filter(({ key }) => data[key] === undefined),
              [],
              from,
            );
          }
        }
      }
    });
  });
}
