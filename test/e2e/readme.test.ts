// Runs what README, the walk-through of faults and the page about security show: their commands against a shop of the test, at other ports, and compares with the answers
// that they show.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { ORDER_SERVICES } from "../support/orders.ts";
import { type RunAllShop, startRunAllShop } from "../support/run-all.ts";
import { outputOf, ROOT, runShown, shownCommands } from "./shown-commands.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** With what run-all has in its environment. */
const DOCUMENTS = { "README.md": {}, "docs/breaking.md": {}, "SECURITY.md": { TLS: "1" } };

for (const [document, env] of Object.entries(DOCUMENTS)) {
  describe(document, function () {
    this.timeout(60_000);
    let shop: RunAllShop;
    before(async () => {
      shop = await startRunAllShop(env);
    });
    after(() => shop?.close());

    // Each builds on those before it.
    for (const command of shownCommands(document)) {
      it(`shows what works: ${command.line.slice(0, 100)}`, () => runShown(command, shop));
    }

    if (document === "SECURITY.md") {
      it("is seen in the dashboard as a shop in plaintext is", async () => {
        const url = `${shop.url("dashboard")}/v1/traces`;
        await eventually(
          async () => {
            const { traces } = (await (await fetch(url)).json()) as { traces: unknown[] };
            const order = traces
              .map((trace) => JSON.stringify(trace))
              .find((trace) => trace.includes("POST /api/orders"));
            for (const service of ORDER_SERVICES) assert.ok(order?.includes(service), service);
          },
          { timeoutMs: 15_000 },
        );
      });
    }

    if (document !== "README.md") return;

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
}
