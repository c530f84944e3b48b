// What is generated from the shop's contracts says what the contracts say.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { type MethodConfig, policies } from "../../gen/mesh/policies.js";
import { roles } from "../../src/roles.ts";
import { meshOptions } from "../../tools/manifests/mesh-options.ts";
import { namespaceResources, workloadResources } from "../../tools/protoc-gen-mesh/istio/files.ts";
import { meshPlugin } from "../../tools/protoc-gen-mesh/plugin.ts";
import { readContract } from "../../tools/protoc-gen-mesh/read-contract.ts";
import { pathOf } from "../support/h2-frames.ts";
import type { AuthorizationPolicy, DestinationRule, HttpRoute, VirtualService } from "./support/manifests.ts";
import { METHODS, policyOf, root, SERVICES, shopRequest, workloadOf } from "./support/shop-contract.ts";

const options = meshOptions();
const { workloads } = readContract(shopRequest());
const resources = workloads.flatMap((workload) => workloadResources(workload, options));
const ofKind = <T>(kind: string): T[] => resources.filter((r) => (r as { kind?: string }).kind === kind) as T[];
const routes: HttpRoute[] = ofKind<VirtualService>("VirtualService").flatMap((v) => v.spec.http);
const rules = ofKind<AuthorizationPolicy>("AuthorizationPolicy").flatMap((p) => p.spec.rules);

const principal = (caller: string) =>
  caller === "edge" ? "cluster.local/ns/shop/sa/edge-istio" : `cluster.local/ns/shop/sa/${caller}`;

const millis = (duration: Duration | undefined) =>
  duration === undefined ? undefined : Number(duration.seconds) * 1000 + duration.nanos / 1e6;

const compare = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1);

function configOf(method: DescMethod): MethodConfig | undefined {
  const { methodConfig } = policies[method.parent.typeName]!.serviceConfig;
  const found = methodConfig.filter(({ name }) => name.some((n) => n.method === method.name));
  assert.ok(found.length <= 1, `${method.toString()} is configured ${found.length} times`);
  return found[0];
}

describe("what is generated from the shop's contracts", () => {
  it("is what gen/ holds, in whatever order the contracts come", () => {
    const { error, file } = meshPlugin.run(shopRequest());
    assert.equal(error, "");
    for (const { name, content } of file) assert.equal(readFileSync(join(root, "gen", name!), "utf8"), content, name);
    const committed = globSync("istio/*.yaml", { cwd: join(root, "gen") });
    const generated = file.map(({ name }) => name!).filter((name) => name.startsWith("istio/"));
    assert.deepEqual(committed.sort(), generated.sort());
    assert.deepEqual(meshPlugin.run(shopRequest(SERVICES.toReversed())).file, file);
  });

  it("denies all that is not allowed, and takes no plaintext", () => {
    const metadata = { namespace: "shop" };
    assert.deepEqual(namespaceResources(options), [
      {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "default", ...metadata },
        spec: { mtls: { mode: "STRICT" } },
      },
      {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "deny-all", ...metadata },
        spec: {},
      },
    ]);
  });

  it("allows each workload by its own policy, and the edge what the gateway serves beside its contract", () => {
    const selected = ofKind<AuthorizationPolicy>("AuthorizationPolicy").map((p) => p.spec.selector.matchLabels.app);
    const called = METHODS.filter((method) => policyOf(method).callers.length > 0);
    assert.deepEqual(selected, [...new Set(called.map((method) => workloadOf(method.parent).name))].sort());
    const rpcPaths = new Set(METHODS.map(pathOf));
    const beside = rules.flatMap((rule) => rule.to[0]!.operation.paths).filter((path) => !rpcPaths.has(path));
    assert.deepEqual(beside, [
      "/api/users/{*}",
      "/api/orders",
      "/api/orders/{*}",
      "/api/watch/orders/{*}",
      "/health",
      "/openapi.json",
      "/",
      "/assets/{*}",
    ]);
  });

  it("lets a replica answer as many errors as it says before that is left out", () => {
    for (const { spec } of ofKind<DestinationRule>("DestinationRule")) {
      const { consecutiveGatewayErrors, consecutive5xxErrors = 5 } = spec.trafficPolicy.outlierDetection;
      // 0 is off. Otherwise Envoy counts gateway errors as 5xx errors too, and the lower limit holds.
      assert.ok(consecutive5xxErrors === 0 || consecutive5xxErrors > consecutiveGatewayErrors);
    }
  });

  it("names every workload and its port, to sidecars and to clients", () => {
    const contracted = new Map(SERVICES.map(workloadOf).map(({ name, port }) => [name, port]));
    assert.deepEqual(new Map(workloads.map(({ name, port }) => [name, port])), contracted);
    for (const service of SERVICES) {
      const { workload, port } = policies[service.typeName]!;
      assert.deepEqual([workload, port], [workloadOf(service).name, workloadOf(service).port]);
    }
    const routed = routes.flatMap(({ route }) =>
      route.map(({ destination: { host, port } }) => `${host}:${port.number}`),
    );
    const hosts = [...contracted].map(([name, port]) => `${name}.shop.svc.cluster.local:${port}`);
    assert.deepEqual(new Set(routed), new Set(hosts));
  });

  it("counts the time of calls to exactly the peers that the roles have", () => {
    for (const { name, services, peers } of roles) {
      const calls = services.flatMap((service) => service.methods.flatMap((method) => policyOf(method).calls));
      const called = calls.map((call) => call.slice(0, call.lastIndexOf(".")));
      assert.deepEqual(new Set(called), new Set(Object.values(peers).map(({ typeName }) => typeName)), name);
    }
  });

  for (const method of METHODS) {
    describe(`of ${method.toString()}`, () => {
      const { timeout, retry, callers, maxRequestBytes, criticality } = policyOf(method);
      const timeoutMs = millis(timeout);

      it("has one route, with its timeout and its tries", () => {
        const found = routes.filter(({ match }) => match?.some(({ uri }) => uri.exact === pathOf(method)));
        assert.equal(found.length, 1);
        const [route] = found;
        assert.equal(route?.timeout, timeoutMs === undefined ? undefined : `${timeoutMs / 1000}s`);
        assert.equal(route?.retries.attempts, retry === undefined ? 0 : retry.attempts - 1);
        const reasons = ["connect-failure", "refused-stream", ...(retry?.codes.length ? ["unavailable", "503"] : [])];
        assert.equal(route?.retries.retryOn, retry && reasons.join());
      });

      it("allows its callers, and nobody else", () => {
        const allowing = rules.filter((rule) =>
          rule.to.some(({ operation }) => operation.paths.includes(pathOf(method))),
        );
        const principals = allowing.flatMap((rule) => rule.from.flatMap(({ source }) => source.principals));
        assert.deepEqual(principals.sort(), callers.map(principal).sort());
      });

      it("says the same to channels and servers", () => {
        const config = configOf(method);
        const seconds = /^(\d+(?:\.\d{9})?)s$/.exec(config?.timeout ?? "")?.[1];
        assert.equal(seconds === undefined ? undefined : Number(seconds) * 1000, timeoutMs);
        assert.equal(config?.retryPolicy?.maxAttempts, retry?.codes.length ? retry.attempts : undefined);
        assert.deepEqual(config?.retryPolicy?.retryableStatusCodes, retry?.codes.length ? retry.codes : undefined);
        const { methods } = policies[method.parent.typeName]!;
        const level = ["default", "critical", "sheddable"][criticality];
        const policy = { timeoutMs, callers, maxRequestBytes: maxRequestBytes || 8192, criticality: level };
        assert.deepEqual(methods[pathOf(method)], JSON.parse(JSON.stringify(policy)));
      });
    });
  }

  it("promises what the contracts promise", () => {
    const objectives = JSON.parse(readFileSync(join(root, "gen/mesh/objectives.json"), "utf8"));
    const byWorkload = METHODS.toSorted((a, b) => compare(workloadOf(a.parent).name, workloadOf(b.parent).name));
    const expected = byWorkload.flatMap((method) => {
      const { objective } = policyOf(method);
      if (objective === undefined) return [];
      const { availability, latency, latencyRatio } = objective;
      const promised = latency && { threshold: millis(latency)! / 1000, ratio: latencyRatio };
      const workload = policies[method.parent.typeName]?.workload;
      const service = method.parent.typeName;
      return [{ workload, service, method: method.name, availability, ...(promised && { latency: promised }) }];
    });
    assert.deepEqual(objectives, expected);
  });
});
