import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** https://cyclonedx.org/docs/1.5/json/, in the parts that are changed here. */
type Bill = {
  readonly metadata: { readonly component: { readonly "bom-ref": string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
};
type Component = { readonly "bom-ref": string; readonly name: string; readonly version: string };

/**
 * What the program is built of, as CycloneDX in JSON: npm's own bill of the locked packages, less those of which no code is in the
 * bundle, and Node. The same packages give the same text.
 *
 * @param root The folder with package.json and package-lock.json.
 * @param packages The folders of the packages in the bundle.
 */
export function softwareBill(root: string, packages: readonly string[]): string {
  // With --omit=dev, npm leaves out what packages for development need as well.
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
  const all = execFileSync("npm", args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
  const { serialNumber: _, metadata, components, dependencies, ...rest } = JSON.parse(all) as Bill & Named;
  const { timestamp: __, ...about } = metadata as Bill["metadata"] & { timestamp: string };
  const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Component;
  const program = { ...metadata.component, name, type: "application" }; // npm takes the folder's name
  const bundled = new Set(packages.map(idOf));
  const kept = components.filter(({ name, version }) => bundled.has(`${name}@${version}`));
  const missing = [...bundled].filter((id) => !kept.some(({ name, version }) => `${name}@${version}` === id));
  if (missing.length > 0) throw new Error(`npm's bill of software lacks ${missing.join(", ")}`);
  const refs = new Set([metadata.component, ...kept].map((component) => component["bom-ref"]));
  const links = dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  const bill = {
    ...rest,
    metadata: { ...about, component: program },
    components: [nodeItself(), ...kept],
    dependencies: links,
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

type Named = { readonly serialNumber: string };

function idOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Component;
  return `${name}@${version}`;
}

/** The executable has Node in it. */
function nodeItself() {
  const version = process.version.slice(1);
  return {
    "bom-ref": `node@${version}`,
    type: "platform",
    name: "node",
    version,
    purl: `pkg:generic/node@${version}`,
    licenses: [{ license: { id: "MIT" } }],
  };
}
