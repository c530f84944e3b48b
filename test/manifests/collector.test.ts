import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { goToolVersion } from "../../tools/go-tools.ts";
import { type ConfigMap, type Deployment, one, type Service } from "./support/manifests.ts";
import { OVERLAYS, REPOSITORY, render } from "./support/overlays.ts";

const KINDS = ["extensions", "receivers", "processors", "connectors", "exporters"] as const;
type Kind = (typeof KINDS)[number];
type Builder = { dist: { version: string } } & Record<Kind, { gomod: string }[]>;
type Config = Record<Kind, Record<string, unknown>>;

const text = (name: string) => readFileSync(join(REPOSITORY, "collector", name), "utf8");

/** "k8s_attributes" of ".../processor/k8sattributesprocessor v0.158.0": what it is called in a configuration, less the underscores. */
function typeOf(gomod: string, kind: Kind): string {
  const [module = ""] = gomod.split(" ");
  return (module.split("/").at(-1) ?? "").replace(new RegExp(`${kind.slice(0, -1)}$`), "");
}

describe("collector", () => {
  const builder = parse(text("builder.yaml")) as Builder;
  const config = parse(text("config.yaml")) as Config;

  it("is built of the components that its configuration names, and no others", () => {
    for (const kind of KINDS) {
      const built = builder[kind].map(({ gomod }) => typeOf(gomod, kind));
      const named = Object.keys(config[kind]).map((id) => id.split("/")[0]?.replaceAll("_", "") ?? "");
      assert.deepEqual(built.sort(), [...new Set(named)].sort(), kind);
    }
  });

  it("has one version: of the builder, of the components, of the image", async () => {
    const version = `v${builder.dist.version}`;
    assert.equal(goToolVersion("builder"), version);
    for (const { gomod } of KINDS.flatMap((kind) => builder[kind])) assert.equal(gomod.split(" ")[1], version);
    const deployment = one<Deployment>(await render("k8s/overlays/dev"), "Deployment", "otel-collector");
    const { image } = deployment.spec.template.spec.containers[0];
    assert.equal(image, `otel/opentelemetry-collector-contrib:${builder.dist.version}`);
  });

  for (const overlay of OVERLAYS) {
    it(`reads the same file in ${overlay} as in compose.yaml, with settings that it has`, async () => {
      const objects = await render(overlay);
      const { spec } = one<Deployment>(objects, "Deployment", "otel-collector");
      const { containers, volumes } = spec.template.spec;
      const [volume] = volumes as [{ configMap: { name: string } }];
      const { data } = one<ConfigMap>(objects, "ConfigMap", volume.configMap.name);
      assert.deepEqual(data, { "config.yaml": text("config.yaml") });

      const settings = containers[0].envFrom?.[0]?.configMapRef?.name ?? "";
      for (const name of Object.keys(one<ConfigMap>(objects, "ConfigMap", settings).data)) {
        assert.ok(text("config.yaml").includes(`\${env:${name}:-`), `config.yaml has no ${name}`);
      }
    });
  }

  it("listens where its Pod and its Service say", async () => {
    const objects = await render("k8s/overlays/dev");
    const unset = text("config.yaml").replaceAll(/\$\{env:\w+:-(.*?)\}/g, "$1");
    const found = unset.matchAll(/(?:endpoint: 0\.0\.0\.0:|host: 0\.0\.0\.0\s+port: )(\d+)/g);
    const listening = [...found].map((match) => Number(match[1]));
    const [container] = one<Deployment>(objects, "Deployment", "otel-collector").spec.template.spec.containers;
    const ports = container.ports.map((port) => port.containerPort);
    assert.deepEqual(ports.sort(), listening.sort());
    const served = one<Service>(objects, "Service", "otel-collector").spec.ports.map((port) => port.port);
    assert.deepEqual(served, [4317, 4318, 8889, 8888]);
    const [{ port } = {}] = one<Service>(objects, "Service", "otel-collector-peers").spec.ports;
    assert.match(text("config.yaml"), new RegExp(`port: "${port}"`));
  });
});
