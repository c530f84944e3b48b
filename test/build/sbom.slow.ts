import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ARTIFACTS } from "../../tools/build.ts";
import { buildOnce } from "./support/built.ts";

type Component = {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly unknown[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
};

describe("the bill of software", function () {
  this.timeout(120_000);
  before(() => buildOnce());

  const text = () => readFileSync(ARTIFACTS.sbom, "utf8");
  const bill = () =>
    JSON.parse(text()) as {
      bomFormat: string;
      specVersion: string;
      components: Component[];
      dependencies: { ref: string; dependsOn: string[] }[];
    };

  it("is CycloneDX, and names Node and each package in the bundle, as the notices do", () => {
    const { bomFormat, specVersion, components } = bill();
    assert.deepEqual([bomFormat, specVersion], ["CycloneDX", "1.5"]);
    const notices = readFileSync(ARTIFACTS.notices, "utf8")
      .split(`\n\n${"-".repeat(80)}\n\n`)
      .slice(1);
    const noticed = notices.map((notice) => notice.split(" ", 2).join("@"));
    const [node, ...packages] = components;
    assert.equal(node?.purl, `pkg:generic/node@${process.version.slice(1)}`);
    const named = packages.map(({ name, version }) => `${name}@${version}`);
    assert.deepEqual([...new Set(named)].sort(), [...new Set(noticed)].sort());
  });

  it("says of each where it comes from, its licence, and what its archive's digest is", () => {
    const unclear = bill().components.filter(
      ({ name, purl, licenses = [], hashes = [] }) =>
        licenses.length === 0 || (name !== "node" && (!purl.startsWith("pkg:npm/") || hashes.length === 0)),
    );
    assert.deepEqual(unclear, []);
  });

  it("links only what it has, and is the same for the same packages", () => {
    const { components, dependencies } = bill();
    const refs = new Set(components.map((component) => component["bom-ref"]));
    const lost = dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref));
    assert.deepEqual(lost, []);
    assert.match(text(), /"type": "application",\s*"name": "tracemesh"/);
    assert.doesNotMatch(text(), /"timestamp"|"serialNumber"|file:|\/(work|home|root|tmp)\//);
  });
});
