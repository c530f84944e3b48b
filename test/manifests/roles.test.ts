import assert from "node:assert/strict";
import { environmentOf, settingsOf } from "./support/environment.ts";
import { allOf, type Container, type Deployment, type Manifest, one, type Service } from "./support/manifests.ts";
import { OVERLAYS, render } from "./support/overlays.ts";
import { WORKLOADS } from "./support/workloads.ts";

/** What OpenTelemetry's SDK reads by itself, and what only other variables are made of. */
const BESIDE_SETTINGS = new Set([
  "NODE_NAME",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_RESOURCE_ATTRIBUTES",
  "POD_NAME",
  "POD_NAMESPACE",
  "POD_UID",
]);

/** How long the roles may take to send what is left of telemetry, in s: the default of startTelemetry. */
const LAST_EXPORT_S = 5;

const isRole = ({ spec }: Deployment) => spec.template.spec.containers[0].image.startsWith("tracemesh:");
const rolesOf = (objects: readonly Manifest[]) => allOf<Deployment>(objects, "Deployment").filter(isRole);
const appOf = ({ spec }: Deployment): Container => spec.template.spec.containers[0];

for (const overlay of OVERLAYS) {
  describe(`roles of ${overlay}`, () => {
    let objects: Manifest[];
    let roles: Deployment[];
    before(async () => {
      objects = await render(overlay);
      roles = rolesOf(objects);
    });

    it("are all there, and their settings are without fault", () => {
      const settings = roles.map((role) => settingsOf(environmentOf(role, objects)));
      // A canary is one of the roles once more.
      assert.deepEqual(new Set(settings.map((s) => s.settings.role)), new Set(WORKLOADS.map(({ role }) => role)));
      const unknown = settings.flatMap((s) => s.unknown).filter((name) => !BESIDE_SETTINGS.has(name));
      assert.deepEqual(unknown, []);
    });

    it("have the names and ports that the code has", () => {
      for (const role of roles) {
        const { settings } = settingsOf(environmentOf(role, objects));
        const { metadata, spec } = role.spec.template;
        assert.equal(settings.telemetry.serviceName, metadata.labels?.app);
        assert.equal(settings.telemetry.serviceName, spec.serviceAccountName);
        assert.equal(settings.host, "0.0.0.0");
        assert.deepEqual(
          appOf(role).ports.map((port) => port.containerPort),
          [settings.port],
        );
        assert.equal(appOf(role).name, "app");
      }
    });

    it("find each other by Services at the ports that the contracts name", () => {
      for (const role of roles) {
        const { peers } = settingsOf(environmentOf(role, objects)).settings;
        for (const url of Object.values(peers.urls)) {
          const { hostname, port } = new URL(url);
          const { spec } = one<Service>(objects, "Service", hostname);
          const [served] = spec.ports.filter((p) => p.port === Number(port));
          assert.equal(served?.appProtocol, "grpc");
        }
      }
      for (const { name, port } of WORKLOADS) {
        const ports = one<Service>(objects, "Service", name).spec.ports.map((p) => p.port);
        assert.ok(ports.includes(port), `${name} has no port ${port}`);
      }
    });

    it("answer at both Service ports of the gateway with the one that they listen at", () => {
      const gateway = one<Service>(objects, "Service", "api-gateway");
      assert.deepEqual(gateway.spec.ports, [
        { name: "grpc", port: 8090, targetPort: "http", appProtocol: "grpc" },
        { name: "http", port: 8080, targetPort: "http", appProtocol: "http" },
      ]);
      for (const { metadata, spec } of allOf<Service>(objects, "Service")) {
        const pods = allOf<Deployment>(objects, "Deployment").filter(
          ({ metadata: { namespace }, spec: { template } }) =>
            namespace === metadata.namespace &&
            Object.entries(spec.selector).every(([label, value]) => template.metadata.labels?.[label] === value),
        );
        assert.notEqual(pods.length, 0, `${metadata.name} selects no Pod`);
        for (const pod of pods) {
          const targets = new Set(appOf(pod).ports.flatMap((port) => [port.name, port.containerPort]));
          assert.deepEqual(
            spec.ports.filter((port) => !targets.has(port.targetPort)),
            [],
          );
        }
      }
    });

    it("are probed by what they serve, at the port that they listen at", () => {
      for (const role of roles) {
        const { settings } = settingsOf(environmentOf(role, objects));
        const { startupProbe, readinessProbe, livenessProbe } = appOf(role);
        const { isPublic } = WORKLOADS.find((workload) => workload.role === settings.role) ?? {};
        for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
          const http = { path: "/health", port: "http" };
          const { httpGet, grpc } = probe ?? {};
          if (isPublic) assert.deepEqual({ httpGet, grpc }, { httpGet: http, grpc: undefined });
          else {
            const service = probe === livenessProbe ? { service: "liveness" } : {};
            assert.deepEqual({ httpGet, grpc }, { httpGet: undefined, grpc: { port: settings.port, ...service } });
          }
        }
      }
    });

    it("have time to drain", () => {
      for (const role of roles) {
        const { drainTimeoutMs } = settingsOf(environmentOf(role, objects)).settings;
        const propagation = appOf(role).lifecycle?.preStop.sleep.seconds ?? 0;
        const grace = role.spec.template.spec.terminationGracePeriodSeconds ?? 0;
        assert.ok(propagation >= 5);
        assert.ok(grace > propagation + drainTimeoutMs / 1000 + LAST_EXPORT_S);
      }
    });

    it("ask for, and get, the same resources everywhere", () => {
      for (const role of roles) {
        assert.deepEqual(appOf(role).resources, {
          requests: { memory: "128Mi", cpu: "100m" },
          limits: { memory: "256Mi", cpu: "200m" },
        });
      }
    });

    it("tell the environment, the namespace and their Pod in all telemetry", () => {
      for (const role of roles) {
        const env = environmentOf(role, objects);
        const pod = `${role.metadata.name}-pod`;
        const { environment, serviceNamespace } = settingsOf(env).settings.telemetry;
        assert.equal(environment, overlay.endsWith("prod") ? "production" : "development");
        assert.equal(serviceNamespace, "tracemesh");
        assert.equal(env.SERVICE_INSTANCE_ID, pod);
        assert.equal(
          env.OTEL_RESOURCE_ATTRIBUTES,
          `k8s.pod.uid=uid-of-the-pod,k8s.pod.name=${pod},k8s.namespace.name=shop,k8s.node.name=node,k8s.container.name=app`,
        );
      }
    });

    it("send their telemetry to the collector", () => {
      const { metadata, spec } = one<Service>(objects, "Service", "otel-collector");
      for (const role of roles) {
        const { hostname, port } = new URL(environmentOf(role, objects).OTEL_EXPORTER_OTLP_ENDPOINT ?? "");
        assert.equal(hostname, `${metadata.name}.${metadata.namespace}`);
        assert.ok(spec.ports.some((p) => p.port === Number(port)));
      }
    });

    it("leave trying again to the mesh, where there is one", () => {
      const meshed = overlay.startsWith("istio/");
      const retries = roles.map((role) => settingsOf(environmentOf(role, objects)).settings.peers.retries);
      assert.deepEqual(
        retries,
        retries.map(() => !meshed),
      );
    });
  });
}
