// The shop as it is shipped, without a package beside it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { builtPages } from "../../src/gateway/built-pages.ts";
import { CREATED, ORDER_SERVICES, placeOrder } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { testRedisUrl } from "../support/redis.ts";
import { startShopProcesses } from "../support/shop-processes.ts";
import { startOtlpBackend } from "../telemetry/support/otlp-backend.ts";
import { type Built, build } from "./support/built.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

async function order(gateway: string): Promise<unknown> {
  const response = await placeOrder(gateway);
  const { order_id: _, ...rest } = (await response.json()) as { order_id: string };
  return { http: response.status, ...rest };
}

const ORDERED = { http: 200, ...CREATED };

describe("the shop as built", () => {
  let built: Built;
  before(async () => {
    built = await build();
  });
  after(() => built.remove());

  for (const form of ["bundle", "executable"] as const) {
    it(`takes an order and drains, with SQLite (${form})`, async () => {
      const shop = await startShopProcesses({ command: built.commands[form] });
      try {
        assert.deepEqual(await order(shop.url("gateway")), ORDERED);
      } finally {
        await shop.close();
      }
    });

    it(`has the page of the shop within, byte for byte (${form})`, async () => {
      const shop = await startShopProcesses({ command: built.commands[form] });
      try {
        const files = builtPages().filter(({ path }) => path.startsWith("assets/") && !path.includes("console"));
        assert.ok(files.length >= 3);
        for (const { path, gzip } of files) {
          const answer = await fetch(`${shop.url("gateway")}/${path}`);
          assert.deepEqual(Buffer.from(await answer.arrayBuffer()), gunzipSync(gzip), path);
        }
        assert.match(await (await fetch(shop.url("gateway"))).text(), /^<!doctype html>/);
      } finally {
        await shop.close();
      }
    });

    it(`takes an order with PostgreSQL and Redis, and exports all signals (${form})`, async () => {
      await using cleanup = new AsyncDisposableStack();
      const database = await createTestDatabase();
      cleanup.defer(() => database.drop());
      const backend = await startOtlpBackend();
      cleanup.defer(() => backend.close());
      const shop = await startShopProcesses({
        command: built.commands[form],
        env: {
          DATABASE_URL: database.url,
          REDIS_URL: testRedisUrl(),
          OTEL_SDK_DISABLED: "false",
          OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
          OTEL_TRACES_SAMPLER_ARG: "1",
        },
      });
      cleanup.defer(() => shop.close());
      assert.deepEqual(await order(shop.url("gateway")), ORDERED);
      await shop.close(); // exports what is left
      const { traceId } = backend.spans.find(({ name }) => name === "POST /api/orders")!;
      const spans = backend.spans.filter((span) => span.traceId === traceId);
      const of = (key: string) => [...new Set(spans.map(({ resource }) => resource[key]))].sort();
      assert.deepEqual(of("service.name"), ORDER_SERVICES);
      assert.deepEqual(of("service.version"), [version]);
      const systems = new Set(spans.map(({ attributes }) => attributes["db.system.name"]));
      assert.deepEqual([...systems].filter((system) => system !== undefined).sort(), ["postgresql", "redis"]);
      assert.ok(backend.points.some(({ metric }) => metric === "rpc.server.call.duration"));
      assert.ok(backend.logs.some((log) => log.traceId === traceId && log.body === "order changed"));
    });

    it(`refuses peers at xds:, and says why (${form})`, async () => {
      const [program, ...args] = built.commands[form];
      const env = { ROLE: "gateway", PORT: "0", USER_SERVICE_URL: "xds:///users", GRPC_XDS_BOOTSTRAP: "any" };
      const child = spawn(program, args, { env: { ...env, OTEL_SDK_DISABLED: "true", LOG_FORMAT: "json" } });
      const [[code], output] = await Promise.all([once(child, "close"), child.stdout.setEncoding("utf8").toArray()]);
      assert.equal(code, 1);
      assert.match(output.join(""), /peers at xds: need a run from source/);
    });
  }
});
