// What the edge lets a caller cost and decide, in every overlay with a mesh.
import assert from "node:assert/strict";
import { parse } from "yaml";
import { policies } from "../../gen/mesh/policies.js";
import { resolveOptions } from "../../src/rpc/server/options.ts";
import { allOf, type ConfigMap, type Manifest, one } from "./support/manifests.ts";
import { OVERLAYS, render } from "./support/overlays.ts";

type Gateway = Manifest & {
  readonly spec: { readonly infrastructure: { readonly annotations: Readonly<Record<string, string>> } };
};
type ProxyConfig = {
  readonly connectionSettings: { readonly profile: string; readonly httpRequestTimeout: string };
  readonly proxyMetadata: Readonly<Record<string, string>>;
  readonly runtimeValues: Readonly<Record<string, string>>;
};
type ConnectionManager = {
  readonly max_request_headers_kb: number;
  readonly common_http_protocol_options: { readonly max_headers_count: number };
  readonly early_header_mutation_extensions: readonly {
    readonly typed_config: { readonly mutations: readonly { readonly remove?: string }[] };
  }[];
};
type EnvoyFilter = Manifest & {
  readonly spec: {
    readonly targetRefs?: readonly { readonly kind: string; readonly name: string }[];
    readonly workloadSelector?: { readonly labels: Readonly<Record<string, string>> };
    readonly configPatches: readonly [
      { readonly patch: { readonly value: { readonly typed_config: ConnectionManager } } },
    ];
  };
};

for (const overlay of OVERLAYS.filter((name) => name.startsWith("istio/"))) {
  describe(`edge of ${overlay}`, () => {
    let objects: Manifest[];
    before(async () => {
      objects = await render(overlay);
    });
    const connectionManager = (filter: string) =>
      one<EnvoyFilter>(objects, "EnvoyFilter", filter).spec.configPatches[0].patch.value.typed_config;

    it("has Istio's settings for edges, limits of connections and of streams that are taken back", () => {
      const { annotations } = one<Gateway>(objects, "Gateway", "edge").spec.infrastructure;
      const { connectionSettings, proxyMetadata, runtimeValues } = parse(
        annotations["proxy.istio.io/config"] ?? "",
      ) as ProxyConfig;
      assert.equal(connectionSettings.profile, "EDGE");
      assert.deepEqual(proxyMetadata, { ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS: "10000" });
      assert.deepEqual(runtimeValues, {
        "http.max_requests_per_io_cycle": "1",
        "overload.premature_reset_total_stream_count": "500",
        "overload.premature_reset_min_stream_lifetime_seconds": "1",
      });
    });

    it("gives a request more time to come in than any contract has for the whole call", () => {
      const { annotations } = one<Gateway>(objects, "Gateway", "edge").spec.infrastructure;
      const { connectionSettings } = parse(annotations["proxy.istio.io/config"] ?? "") as ProxyConfig;
      const timeouts = Object.values(policies).flatMap(({ methods }) =>
        Object.values(methods).map((m) => m.timeoutMs ?? 0),
      );
      assert.ok(Number.parseInt(connectionSettings.httpRequestTimeout, 10) * 1000 > Math.max(...timeouts));
    });

    it("takes fewer headers than the roles, for edge and sidecars add some", () => {
      const { max_request_headers_kb, common_http_protocol_options } = connectionManager("edge-limits");
      assert.equal(common_http_protocol_options.max_headers_count, 100);
      assert.ok(max_request_headers_kb * 1024 <= resolveOptions({ services: [] }).limits.maxHeaderListBytes / 2);
    });

    it("takes no trace context from callers, so that the roles may trust what comes", () => {
      const [extension] = connectionManager("edge-context").early_header_mutation_extensions;
      const removed = (extension?.typed_config.mutations ?? []).flatMap(({ remove }) => remove ?? []);
      for (const name of ["traceparent", "tracestate", "x-client-trace-id", "baggage"])
        assert.ok(removed.includes(name));
      const settings = allOf<ConfigMap>(objects, "ConfigMap").filter(({ metadata }) =>
        /^settings-/.test(metadata.name),
      );
      assert.deepEqual(
        settings.map(({ data }) => data.TRUST_PROXY),
        ["true"],
      );
    });

    it("is all that Envoy's own settings are changed of", () => {
      for (const { spec } of allOf<EnvoyFilter>(objects, "EnvoyFilter")) {
        const targets = spec.targetRefs?.map(({ kind, name }) => ({ kind, name }));
        const edge = spec.workloadSelector?.labels["gateway.networking.k8s.io/gateway-name"];
        if (targets === undefined) assert.equal(edge, "edge");
        else assert.deepEqual(targets, [{ kind: "Gateway", name: "edge" }]);
      }
    });
  });
}
