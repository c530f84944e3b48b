// A shop with each setting at an end of what is allowed serves an order, and ends.
import assert from "node:assert/strict";
import { placeOrder } from "../support/orders.ts";
import { startShop } from "../support/shop.ts";

const EXTREMES: Readonly<Record<string, NodeJS.ProcessEnv>> = {
  most: {
    MAX_HELD_MIB: "65536",
    CONNECTION_AGE_MS: "86400000",
    START_TIMEOUT_MS: "3600000",
    DRAIN_TIMEOUT_MS: "600000",
    OTEL_METRIC_EXPORT_INTERVAL: "3600000",
    OTEL_TRACES_SAMPLER_ARG: "1",
    RATE_LIMIT_PER_MINUTE: "1000000",
    CONCURRENCY_LIMIT: "100000",
    RECOVERY_REST_MS: "3600000",
  },
  "4 GiB": { MAX_HELD_MIB: "4096" },
  least: {
    MAX_HELD_MIB: "1",
    CONNECTION_AGE_MS: "100",
    START_TIMEOUT_MS: "0",
    DRAIN_TIMEOUT_MS: "0",
    DRAIN_IDLE_MS: "0",
    OTEL_METRIC_EXPORT_INTERVAL: "100",
    OTEL_TRACES_SAMPLER_ARG: "0",
    RATE_LIMIT_PER_MINUTE: "1",
    CONCURRENCY_LIMIT: "1",
  },
};

describe("a shop with the extremes of its settings", () => {
  for (const [what, env] of Object.entries(EXTREMES)) {
    it(`serves an order (${what})`, async () => {
      const shop = await startShop(env);
      try {
        const answer = await placeOrder(shop.url("gateway"));
        assert.equal(answer.status, 200, await answer.text());
      } finally {
        await shop.close();
      }
    });
  }
});
