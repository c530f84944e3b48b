// Fault points are for tests from source: what is shipped has neither their names nor what they do.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { FAULT_POINTS } from "../../src/fault-points.ts";
import { CREATED, placeOrder } from "../support/orders.ts";
import { startShopProcesses } from "../support/shop-processes.ts";
import { type Built, build } from "./support/built.ts";

const WORDS = [...FAULT_POINTS, "FAULT_POINT", "CLOCK_SKEW_MS"];

describe("the fault points", () => {
  let built: Built;
  before(async () => {
    built = await build();
  });
  after(() => built.remove());

  for (const form of ["bundle", "executable"] as const) {
    it(`are absent from what is built, and the setting does nothing (${form})`, async () => {
      const program = await readFile(built.commands[form].at(-1)!);
      assert.deepEqual(
        WORDS.filter((word) => program.includes(word) || program.includes(Buffer.from(word, "utf16le"))),
        [],
      );
      const env = { FAULT_POINT: "order.charged" };
      const shop = await startShopProcesses({ command: built.commands[form], env });
      try {
        const response = await placeOrder(shop.url("gateway"));
        const { status } = (await response.json()) as { status: string };
        assert.equal(status, CREATED.status);
      } finally {
        await shop.close();
      }
    });
  }
});
