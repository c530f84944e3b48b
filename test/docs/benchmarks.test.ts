// What the documents say about speed is what was recorded.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { Row } from "../../bench/paired.ts";
import { documents } from "../../bench/report/documents.ts";
import { latestResults, type Results } from "../../bench/results.ts";

describe("the documents about speed", () => {
  const latest = latestResults();

  it("are made from the latest results", () => {
    for (const [path, text] of documents(latest)) {
      assert.equal(readFileSync(path, "utf8"), text, `${path} differs: run make bench-docs`);
    }
  });

  it("show each picture, and no other is there", () => {
    const made = [...documents(latest).keys()].filter((path) => path.endsWith(".svg"));
    assert.deepEqual(
      readdirSync("docs/benchmarks")
        .map((name) => `docs/benchmarks/${name}`)
        .toSorted(),
      made.toSorted(),
    );
    const page = readFileSync("docs/benchmarks.md", "utf8");
    assert.deepEqual(
      made.filter((path) => !page.includes(`(${path.replace("docs/", "")})`)),
      [],
    );
  });

  it("change when the results do", () => {
    const halved = (row: Row): Row => ({ ...row, rateRatio: row.rateRatio.map((n) => n / 2) });
    const paired = latest.costs.paired.map((section) => ({
      ...section,
      rows: section.rows.map((row) => (row.name === "tracemesh" ? halved(row) : row)),
    }));
    const costs: Results = { ...latest.costs, paired };
    const before = documents(latest);
    const changed = [...documents({ ...latest, costs })]
      .filter(([path, text]) => before.get(path) !== text)
      .map(([path]) => path);
    for (const path of ["README.md", "docs/benchmarks.md", "docs/benchmarks/summary.svg"]) {
      assert.ok(changed.includes(path), `only ${changed} changed`);
    }
  });

  it("cannot be made from results that lack a part", () => {
    const costs = { ...latest.costs, paired: latest.costs.paired.slice(1) };
    assert.throws(() => documents({ ...latest, costs }), /lack/);
  });
});
