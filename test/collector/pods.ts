// How the collector tells Pods apart: mocha test/collector/pods.ts. Not among the quick tests: it builds the collector.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trace } from "@opentelemetry/api";
import { startTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { allOf, type Manifest } from "../manifests/support/manifests.ts";
import { render } from "../manifests/support/overlays.ts";
import { eventually } from "../support/eventually.ts";
import { type OtlpBackend, startOtlpBackend } from "../telemetry/support/otlp-backend.ts";
import { collectorProgram } from "./build.ts";
import { type Collector, startCollector } from "./collector.ts";
import { type KubernetesApi, startKubernetesApi } from "./kubernetes.ts";

const UID = "8f1c9d4e-4a59-4a0b-9d35-0d6f6a1c9b11";
const POD = {
  metadata: {
    name: "order-service-7c9f6d5b8d-x2x7q",
    namespace: "shop",
    uid: UID,
    creationTimestamp: "2026-01-01T00:00:00Z",
    resourceVersion: "1",
    ownerReferences: [
      { apiVersion: "apps/v1", kind: "ReplicaSet", name: "order-service-7c9f6d5b8d", uid: "r", controller: true },
    ],
    labels: { app: "order-service", "pod-template-hash": "7c9f6d5b8d" },
  },
  spec: { nodeName: "node-1", containers: [{ name: "app", image: "tracemesh:0.1.0" }] },
  // No connection comes from here: between the Pod and the collector there is a sidecar.
  status: { phase: "Running", podIP: "192.0.2.7" },
};

describe("a Pod behind a sidecar", function () {
  this.timeout(60_000);
  let folder: string;
  let kubernetes: KubernetesApi;
  let jaeger: OtlpBackend;
  let collector: Collector;
  let telemetry: Telemetry;

  before(async function () {
    this.timeout(1_200_000); // the first time on a machine
    collectorProgram();
    folder = await mkdtemp(join(tmpdir(), "collector-"));
    kubernetes = await startKubernetesApi({ "/api/v1/pods": [POD] });
    jaeger = await startOtlpBackend();
    const config = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      clusters: [{ name: "test", cluster: { server: kubernetes.url } }],
      users: [{ name: "test", user: {} }],
    };
    await writeFile(join(folder, "kubeconfig"), JSON.stringify(config));
    collector = await startCollector(
      {
        K8S_PASSTHROUGH: "false",
        TRACES_ENDPOINT: jaeger.url,
        KEPT_PERCENT: "100",
        KUBECONFIG: join(folder, "kubeconfig"),
      },
      // Outside of a cluster there is no ServiceAccount.
      {
        settings: [
          "processors.k8s_attributes.auth_type=kubeConfig",
          "processors.k8s_attributes.wait_for_metadata=true",
        ],
      },
    );
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
    process.env.OTEL_RESOURCE_ATTRIBUTES = `k8s.pod.uid=${UID}`;
    telemetry = startTelemetry({
      serviceName: "order-service",
      serviceVersion: "0.1.0",
      environment: "shop",
      samplingRatio: 1,
      logLevel: "error",
      logFormat: "json",
    });
  });

  after(async () => {
    await telemetry?.shutdown();
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    delete process.env.OTEL_RESOURCE_ATTRIBUTES;
    await collector?.stop();
    await jaeger?.close();
    await kubernetes?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("is named by the uid that it says of itself", async () => {
    trace.getTracer("test").startSpan("work").end();
    await eventually(
      () => {
        const [span] = jaeger.spans;
        const of = (name: string) => span?.resource[`k8s.${name}`];
        assert.deepEqual(
          [
            of("pod.name"),
            of("pod.uid"),
            of("deployment.name"),
            of("namespace.name"),
            of("node.name"),
            of("pod.start_time"),
          ],
          [POD.metadata.name, UID, "order-service", "shop", "node-1", POD.metadata.creationTimestamp],
        );
      },
      { timeoutMs: 20_000 },
    );
  });

  it("is asked for with no more rights than the collector's ServiceAccount has", async () => {
    type Role = Manifest & {
      readonly rules: readonly { readonly apiGroups: string[]; readonly resources: string[] }[];
    };
    const roles = allOf<Role>(await render("k8s/overlays/dev"), "ClusterRole");
    const allowed = roles
      .flatMap((role) => role.rules)
      .flatMap(({ apiGroups: [group], resources }) =>
        resources.map((resource) => (group === "" ? `/api/v1/${resource}` : `/apis/${group}/v1/${resource}`)),
      );
    assert.ok(kubernetes.asked.has("/api/v1/pods"));
    assert.deepEqual(
      [...kubernetes.asked].filter((path) => !allowed.includes(path)),
      [],
    );
  });
});
