import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { settingsOf } from "./support/environment.ts";
import { allOf, type Deployment } from "./support/manifests.ts";
import { observedAddresses } from "./support/observability.ts";
import { OVERLAYS, REPOSITORY, render } from "./support/overlays.ts";
import { STORE_NAMES, STORES, WORKLOADS } from "./support/workloads.ts";

type Project = {
  readonly services: Readonly<Record<string, ComposeService>>;
};
type ComposeService = {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly host_ip: string; readonly target: number; readonly published: string }[];
  readonly depends_on: Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period: string;
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[];
  readonly command: readonly string[] | null;
};

/** What docker compose makes of the file: read by its own loader, which checks it by the specification's schema first. */
function load(file: string): Project {
  const cwd = join(REPOSITORY, "test/manifests/support/compose");
  return JSON.parse(
    execFileSync("go", ["run", "-buildvcs=false", ".", join(REPOSITORY, file)], { cwd, encoding: "utf8" }),
  ) as Project;
}

/** OTEL_ variables that the SDK reads by itself. */
const BESIDE_SETTINGS = ["OTEL_EXPORTER_OTLP_ENDPOINT"];

describe("compose.yaml", () => {
  let project: Project;
  before(function () {
    this.timeout(120_000); // the loader is compiled, the first time on a machine
    project = load("compose.yaml");
  });
  const roles = () =>
    Object.entries(project.services)
      .filter(([, { image }]) => image.startsWith("tracemesh:"))
      .map(([name, service]) => ({ name, ...service, ...settingsOf(service.environment) }));

  it("has its parts at these ports, for this machine alone", () => {
    const ports = Object.entries(project.services).map(([name, service]) => [
      name,
      (service.ports ?? []).map((port) => `${port.host_ip}:${port.published}->${port.target}`).join(" "),
    ]);
    assert.deepEqual(Object.fromEntries(ports), {
      ...Object.fromEntries(WORKLOADS.map(({ name, port }) => [name, `127.0.0.1:${port}->${port}`])),
      "otel-collector": "127.0.0.1:4317->4317 127.0.0.1:4318->4318 127.0.0.1:8888->8888 127.0.0.1:8889->8889",
      jaeger: "127.0.0.1:16686->16686",
      "victoria-logs": "127.0.0.1:9428->9428",
      prometheus: "127.0.0.1:9090->9090",
      grafana: "127.0.0.1:3000->3000",
      postgres: "127.0.0.1:5432->5432",
      redis: "127.0.0.1:6379->6379",
    });
  });

  it("gives every role settings without fault, under its own name and at its own port", () => {
    assert.deepEqual(
      roles()
        .map((r) => r.settings.role)
        .sort(),
      WORKLOADS.map(({ role }) => role).sort(),
    );
    for (const { name, settings, unknown, ports } of roles()) {
      assert.equal(name, settings.telemetry.serviceName);
      assert.equal(settings.host, "0.0.0.0");
      assert.equal(ports[0]?.target, settings.port);
      assert.deepEqual(unknown, BESIDE_SETTINGS);
    }
  });

  it("leads every address that a role is given to a part that it waits for", () => {
    for (const { name, settings, environment, depends_on } of roles()) {
      const { databaseUrl, redisUrl } = settings.storage;
      // What is at localhost is for browsers.
      const others = Object.values(environment).filter((value) => /^http:\/\/(?!localhost)/.test(value));
      const given = [databaseUrl, redisUrl, ...others];
      const hosts = given.flatMap((url) => (url ? [new URL(url).hostname] : []));
      assert.deepEqual(new Set(hosts), new Set(Object.keys(depends_on)), name);
    }
  });

  it("gives every role the addresses of the stores that it uses, and no others", () => {
    for (const { name, stores } of WORKLOADS) {
      const { environment } = project.services[name] ?? {};
      const given = STORE_NAMES.filter((store) => environment?.[STORES[store].variable] !== undefined);
      assert.deepEqual(given.sort(), stores.toSorted(), name);
    }
  });

  it("builds the roles' image here", () => {
    for (const { name, build } of roles()) {
      assert.deepEqual({ ...build }, { context: ".", dockerfile: "Dockerfile" }, name);
      assert.ok(existsSync(join(REPOSITORY, "Dockerfile")));
    }
  });

  it("gives every role time to drain", () => {
    for (const { settings, stop_grace_period } of roles()) {
      assert.ok(Number.parseInt(stop_grace_period, 10) > settings.drainTimeoutMs / 1000 + 5);
    }
  });

  it("mounts the one configuration of the collector where the collector looks for it", () => {
    const { volumes, command } = project.services["otel-collector"] ?? {};
    assert.deepEqual(command, [`--config=${volumes?.[0]?.target}`]);
    assert.ok(existsSync(join(REPOSITORY, volumes?.[0]?.source ?? "")));
  });

  it("mounts files that are there", () => {
    const binds = Object.values(project.services).flatMap(({ volumes = [] }) =>
      volumes.filter((v) => v.type === "bind"),
    );
    assert.deepEqual(
      binds.map(({ source }) => relative(REPOSITORY, source)).filter((path) => !existsSync(join(REPOSITORY, path))),
      [],
    );
  });

  it("has Prometheus and Grafana ask at ports that its other parts have", () => {
    const asked = observedAddresses();
    assert.ok(asked.length >= 5);
    for (const { hostname, port } of asked.map((address) => new URL(address))) {
      const { ports } = project.services[hostname] ?? { ports: [] };
      assert.ok(
        ports.some(({ target }) => target === Number(port)),
        `${hostname}:${port}`,
      );
    }
  });

  it("has the images of the manifests", async () => {
    const composed = Object.values(project.services).map((service) => service.image);
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as { version: string };
    assert.ok(composed.includes(`tracemesh:${version}`));
    for (const overlay of OVERLAYS) {
      const deployments = allOf<Deployment>(await render(overlay), "Deployment");
      const images = new Set(deployments.flatMap((d) => d.spec.template.spec.containers.map((c) => c.image)));
      assert.deepEqual(
        [...images].filter((image) => !composed.includes(image)),
        [],
      );
    }
  });
});
