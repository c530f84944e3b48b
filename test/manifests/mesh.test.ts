import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getOption } from "@bufbuild/protobuf";
import { parse } from "yaml";
import { http as httpOption } from "../../gen/google/api/annotations_pb.js";
import { policies } from "../../gen/mesh/policies.js";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { allOf, type Deployment, type Manifest, one, type Service } from "./support/manifests.ts";
import { OVERLAYS, REPOSITORY, render } from "./support/overlays.ts";

type Route = Manifest & {
  readonly spec: {
    readonly parentRefs: readonly { readonly name: string; readonly sectionName: string }[];
    readonly rules: readonly {
      readonly matches: readonly {
        readonly method?: unknown;
        readonly path?: { readonly type: string; readonly value: string };
      }[];
      readonly timeouts?: { readonly request: string };
      readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
    }[];
  };
};
type Gateway = Manifest & {
  readonly spec: { readonly listeners: readonly { readonly name: string; readonly port: number }[] };
};
type AuthorizationPolicy = Manifest & {
  readonly spec: {
    readonly rules?: readonly { readonly from?: readonly { readonly source: { readonly principals?: string[] } }[] }[];
  };
};
type DestinationRule = Manifest & {
  readonly spec: {
    readonly subsets?: readonly { readonly name: string; readonly labels: { readonly version: string } }[];
  };
};

const MESHED = OVERLAYS.filter((overlay) => overlay.startsWith("istio/"));

for (const overlay of MESHED) {
  describe(`mesh of ${overlay}`, () => {
    let objects: Manifest[];
    before(async () => {
      objects = await render(overlay);
    });

    it("has sidecars in all Pods of the shop, which start first and end last", () => {
      assert.equal(one(objects, "Namespace", "shop").metadata.labels?.["istio-injection"], "enabled");
      for (const { metadata, spec } of allOf<Deployment>(objects, "Deployment")) {
        const native = spec.template.metadata.annotations?.["sidecar.istio.io/nativeSidecar"];
        assert.equal(native, metadata.namespace === "shop" ? "true" : undefined);
      }
    });

    it("has sidecars that end no shared connection for what one caller takes back", () => {
      const deployments = allOf<Deployment>(objects, "Deployment").filter(
        ({ metadata }) => metadata.namespace === "shop",
      );
      assert.notEqual(deployments.length, 0);
      for (const { spec } of deployments) {
        const config = parse(spec.template.metadata.annotations?.["proxy.istio.io/config"] ?? "");
        assert.deepEqual(config, { runtimeValues: { "overload.premature_reset_total_stream_count": "4294967295" } });
      }
    });

    it("takes REST in with the timeouts of the contract", () => {
      const { spec } = one<Route>(objects, "HTTPRoute", "rest");
      for (const method of ShopService.methods) {
        const { pattern } = getOption(method, httpOption);
        const path = String(pattern.value);
        const rule = spec.rules.find(({ matches }) =>
          matches.some(
            (m) =>
              (m.method === undefined || m.method === pattern.case?.toUpperCase()) &&
              m.path?.type === "PathPrefix" &&
              path.startsWith(`${m.path.value}/`),
          ),
        ); // the rules with longer prefixes stand before the others
        const policy = policies[ShopService.typeName]?.methods[`/${ShopService.typeName}/${method.name}`];
        assert.equal(rule?.timeouts?.request, `${(policy?.timeoutMs ?? 0) / 1000}s`, method.name);
      }
    });

    it("takes gRPC in for the service of the contract", () => {
      const { spec } = one<Route>(objects, "GRPCRoute", "grpc");
      const methods = spec.rules.flatMap((rule) => rule.matches.map((match) => match.method));
      assert.deepEqual(methods, [{ service: ShopService.typeName }]);
    });

    it("has routes that lead from listeners of the edge to ports of the gateway role", () => {
      const listeners = one<Gateway>(objects, "Gateway", "edge").spec.listeners.map((l) => l.name);
      const ports = one<Service>(objects, "Service", "api-gateway").spec.ports;
      for (const [kind, protocol] of [
        ["HTTPRoute", "http"],
        ["GRPCRoute", "grpc"],
      ] as const) {
        for (const { spec } of allOf<Route>(objects, kind)) {
          assert.deepEqual(spec.parentRefs, [{ name: "edge", sectionName: protocol }]);
          assert.ok(listeners.includes(protocol));
          for (const { name, port } of spec.rules.flatMap((rule) => rule.backendRefs)) {
            assert.equal(name, "api-gateway");
            assert.equal(ports.find((p) => p.port === port)?.appProtocol, protocol);
          }
        }
      }
    });

    it("knows all callers that policies name: the edge, and ServiceAccounts that are there", () => {
      const accounts = allOf(objects, "ServiceAccount").map((a) => `${a.metadata.namespace}/sa/${a.metadata.name}`);
      const known = new Set([...accounts, "shop/sa/edge-istio"].map((account) => `cluster.local/ns/${account}`));
      const named = allOf<AuthorizationPolicy>(objects, "AuthorizationPolicy")
        .flatMap((policy) => policy.spec.rules ?? [])
        .flatMap((rule) => rule.from ?? [])
        .flatMap((from) => from.source.principals ?? []);
      assert.notEqual(named.length, 0);
      assert.deepEqual(
        named.filter((principal) => !known.has(principal)),
        [],
      );
    });

    it("has subsets only of Pods that are there", () => {
      const versions = allOf<Deployment>(objects, "Deployment").map(({ spec: { template } }) => {
        const { app, version } = template.metadata.labels ?? {};
        return `${app} ${version}`;
      });
      for (const { metadata, spec } of allOf<DestinationRule>(objects, "DestinationRule")) {
        for (const { labels } of spec.subsets ?? []) assert.ok(versions.includes(`${metadata.name} ${labels.version}`));
      }
    });

    it("has the provider of its traces in install.yaml, at a port of the collector that speaks gRPC", () => {
      const install = parse(readFileSync(join(REPOSITORY, "istio/install.yaml"), "utf8")) as {
        spec: {
          meshConfig: { extensionProviders: { name: string; opentelemetry: { service: string; port: number } }[] };
        };
      };
      const [provider] = install.spec.meshConfig.extensionProviders;
      const telemetry = one<Manifest & { spec: { tracing: [{ providers: unknown }] } }>(objects, "Telemetry", "shop");
      assert.deepEqual(telemetry.spec.tracing[0].providers, [{ name: provider?.name }]);
      const { metadata, spec } = one<Service>(objects, "Service", "otel-collector");
      assert.equal(provider?.opentelemetry.service, `${metadata.name}.${metadata.namespace}.svc.cluster.local`);
      const served = spec.ports.find((p) => p.port === provider?.opentelemetry.port);
      assert.equal(served?.appProtocol, "grpc");
    });
  });
}
