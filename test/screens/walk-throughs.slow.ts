// Runs what the walk-through of faults and the page about security show, as test/e2e/readme.test.ts does with README.
import assert from "node:assert/strict";
import { runShown, shownCommands } from "../e2e/shown-commands.ts";
import { eventually } from "../support/eventually.ts";
import { ORDER_SERVICES } from "../support/orders.ts";
import { type RunAllShop, startRunAllShop } from "../support/run-all.ts";

/** With what run-all has in its environment. */
const DOCUMENTS = { "docs/breaking.md": {}, "SECURITY.md": { TLS: "1" } };

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

    it("has orders that are seen in the dashboard", async () => {
      const url = `${shop.url("dashboard")}/v1/traces`;
      await eventually(
        async () => {
          const { traces } = (await (await fetch(url)).json()) as { traces: unknown[] };
          const orders = traces
            .map((trace) => JSON.stringify(trace))
            .filter((trace) => trace.includes("POST /api/orders"));
          assert.ok(orders.some((order) => ORDER_SERVICES.every((service) => order.includes(service))));
        },
        { timeoutMs: 15_000 },
      );
    });
  });
}
