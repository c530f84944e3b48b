// Runs what README shows: its commands against a shop of the test, at other ports, and compares with the answers that it shows.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type RunAllShop, startRunAllShop } from "../support/run-all.ts";
import { outputOf, ROOT, runShown, shownCommands } from "./shown-commands.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");

describe("README", function () {
  this.timeout(60_000);
  let shop: RunAllShop;
  before(async () => {
    shop = await startRunAllShop();
  });
  after(() => shop?.close());

  for (const command of shownCommands("README.md")) {
    it(`shows what works: ${command.line.slice(0, 100)}`, () => runShown(command, shop));
  }

  it("names targets of the Makefile", async () => {
    const help = await outputOf("make", shop);
    const targets = new Set([...help.matchAll(/^ {2}make (\S+)/gm)].map(([, target]) => target));
    const named = [...README.matchAll(/\bmake ([a-z][a-z-]+)\b(?=[`\n])/g)].map(([, target]) => target);
    assert.ok(named.includes("run-all") && named.includes("test"));
    for (const target of named) assert.ok(targets.has(target), `make ${target} is not a target`);
  });

  it("maps folders and files that exist", async () => {
    const map = /\| Folder \|(.*?)\n\n/s.exec(README)?.[1] ?? "";
    const rows = map.split("\n").flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([\w./-]+)`/g)]);
    const paths = rows.map(([, path = ""]) => path).filter((path) => path.includes("/"));
    assert.ok(paths.length >= 10);
    await Promise.all(paths.map((path) => outputOf(`ls ${path}`, shop)));
  });
});
