// The shop as it is shipped, without a package beside it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { workloadOf } from "../../src/contract.ts";
import { roleNames, roles } from "../../src/roles.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { testRedisUrl } from "../support/redis.ts";
import { startShopProcesses } from "../support/shop-processes.ts";
import { startOtlpBackend } from "../telemetry/support/otlp-backend.ts";
import { type Built, build } from "./support/built.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const ORDER = { user_id: 123, items: [{ product_id: 1, quantity: 2, price: 29.99 }] };

async function order(gateway: string): Promise<unknown> {
  const response = await fetch(`${gateway}/api/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(ORDER),
  });
  const body = (await response.json()) as { status: string; total: unknown };
  return { http: response.status, status: body.status, total: body.total };
}

const ORDERED = { http: 200, status: "created", total: { minor_units: "5998", currency: "USD" } };
const ALL_STOPPED = Object.fromEntries(roleNames.map((role) => [role, 0]));

describe("the shop as built", () => {
  let built: Built;
  before(async () => {
    built = await build();
  });
  after(() => built.remove());

  for (const form of ["bundle", "executable"] as const) {
    it(`takes an order and drains, with SQLite (${form})`, async () => {
      const shop = await startShopProcesses({ folder: `${built.folder}/${form}`, command: built.commands[form] });
      try {
        assert.deepEqual(await order(shop.url("gateway")), ORDERED);
      } finally {
        assert.deepEqual(await shop.stop(), ALL_STOPPED);
      }
    });

    it(`takes an order with PostgreSQL and Redis, and exports all signals (${form})`, async () => {
      const database = await createTestDatabase();
      const backend = await startOtlpBackend();
      const shop = await startShopProcesses({
        folder: built.folder,
        command: built.commands[form],
        env: {
          DATABASE_URL: database.url,
          REDIS_URL: testRedisUrl(),
          OTEL_SDK_DISABLED: "false",
          OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
          OTEL_TRACES_SAMPLER_ARG: "1",
        },
      });
      try {
        assert.deepEqual(await order(shop.url("gateway")), ORDERED);
      } finally {
        const codes = await shop.stop();
        await backend.close();
        await database.drop();
        assert.deepEqual(codes, ALL_STOPPED);
      }
      const { traceId } = backend.spans.find(({ name }) => name === "POST /api/orders")!;
      const spans = backend.spans.filter((span) => span.traceId === traceId);
      const of = (key: string) => [...new Set(spans.map(({ resource }) => resource[key]))].sort();
      assert.deepEqual(of("service.name"), roles.map((role) => workloadOf(role).name).sort());
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
