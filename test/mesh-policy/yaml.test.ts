import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { yamlFile } from "../../tools/protoc-gen-mesh/yaml-file.ts";

describe("a YAML file", () => {
  it("has a comment and its documents, without what is undefined", () => {
    const text = yamlFile("Made by a test.\n\nOf several lines.", [
      { kind: "A", spec: {}, left: undefined },
      { rules: [], count: 2, on: true },
    ]);
    const comment = "# Made by a test.\n#\n# Of several lines.\n";
    assert.equal(text, [comment, "kind: A\nspec: {}\n", 'rules: []\ncount: 2\n"on": true\n'].join("---\n"));
  });

  it("says again what two fields share, and breaks no line", () => {
    const route = [{ host: "a" }];
    const regex = "x ".repeat(100).trim();
    const text = yamlFile("c", [{ first: route, second: route, regex }]);
    assert.equal(text, `# c\n---\nfirst:\n  - host: a\nsecond:\n  - host: a\nregex: ${regex}\n`);
  });

  it("quotes text that YAML would take for something else, by its older version too", () => {
    const plain = ["order-service", "/shop.v1.Shop/Get", "cluster.local/ns/shop/sa/edge", "5s", "0.25s", "a,b"];
    const quoted = [
      "*",
      "true",
      "No",
      "on",
      "y",
      "null",
      "1.5",
      "8080",
      "",
      "a: b",
      "{*}",
      "- a",
      "#",
      "1e3",
      "~",
      "12:30",
    ];
    for (const text of plain) assert.equal(yamlFile("c", [{ text }]), `# c\n---\ntext: ${text}\n`);
    for (const text of quoted) {
      const file = yamlFile("c", [{ text }]);
      assert.equal(file, `# c\n---\ntext: ${JSON.stringify(text)}\n`);
      for (const version of ["1.1", "1.2"] as const) {
        assert.deepEqual(parseAllDocuments(file, { version })[0]?.toJS(), { text });
      }
    }
  });
});
