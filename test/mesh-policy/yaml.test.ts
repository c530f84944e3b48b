import assert from "node:assert/strict";
import { yamlFile } from "../../tools/protoc-gen-mesh/istio/yaml.ts";

describe("a YAML file", () => {
  it("has a comment and its documents, without what is undefined", () => {
    const text = yamlFile("Made by a test.", [
      { kind: "A", spec: {}, left: undefined },
      { rules: [], count: 2, on: true, grid: [[], [1]] },
    ]);
    const documents = ["kind: A\nspec: {}\n", 'rules: []\ncount: 2\n"on": true\ngrid:\n  - []\n  - - 1\n'];
    assert.equal(text, ["# Made by a test.\n", ...documents].join("---\n"));
  });

  it("nests lists and maps", () => {
    const value = {
      http: [{ match: [{ uri: { exact: "/a" } }], retries: { attempts: 0 } }, { hosts: ["a", "b"] }, {}],
    };
    const expected = [
      "# c",
      "---",
      "http:",
      "  - match:",
      "      - uri:",
      "          exact: /a",
      "    retries:",
      "      attempts: 0",
      "  - hosts:",
      "      - a",
      "      - b",
      "  - {}",
      "",
    ];
    assert.equal(yamlFile("c", [value]), expected.join("\n"));
  });

  it("quotes text that YAML would take for something else", () => {
    const plain = ["order-service", "/shop.v1.Shop/Get", "cluster.local/ns/shop/sa/edge", "5s", "0.25s"];
    const quoted = [
      "*",
      "true",
      "No",
      "null",
      "1.5",
      "8080",
      "",
      "a: b",
      "{*}",
      "- a",
      "a,b",
      "#",
      "/a/{*}",
      "1e3",
      "~",
      'a"b',
    ];
    for (const text of plain) assert.equal(yamlFile("c", [{ text }]), `# c\n---\ntext: ${text}\n`);
    for (const text of quoted) assert.equal(yamlFile("c", [{ text }]), `# c\n---\ntext: ${JSON.stringify(text)}\n`);
  });
});
