// Each query of each dashboard, asked of a real Prometheus that reads the collector of a running shop: mocha test/collector/dashboards.ts.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createClient } from "@connectrpc/connect";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { ORDER, placeOrder } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";
import type { ShopProcesses } from "../support/shop-processes.ts";
import type { Prometheus } from "./prometheus.ts";
import { startWatchedShop } from "./watched-shop.ts";

const FOLDER = resolve(import.meta.dirname, "../../gen/grafana");

type Panel = { readonly title: string; readonly targets?: readonly { readonly expr: string }[] };
type Dashboard = { readonly uid: string; readonly title: string; readonly panels: readonly Panel[] };

const dashboards = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Dashboard);

/** What Grafana puts in for its variables, for a short look. */
const asAsked = (expr: string): string => expr.replaceAll("$__rate_interval", "1m").replaceAll("$__range", "5m");

describe("the dashboards", function () {
  this.timeout(90_000);
  const cleanup = new AsyncDisposableStack();
  let shop: ShopProcesses;
  let prometheus: Prometheus;

  before(async function () {
    this.timeout(1_200_000); // the first time on a machine
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const env = { DATABASE_URL: url, OTEL_TRACES_SAMPLER_ARG: "1" };
    const watched = await startWatchedShop(env, { FLUSH_INTERVAL: "1s", KEPT_PERCENT: "100" });
    cleanup.defer(() => watched.close());
    ({ shop, prometheus } = watched);
  });
  after(() => cleanup.disposeAsync());

  /** Calls of every kind that a panel speaks of. */
  async function use(): Promise<void> {
    const gateway = shop.url("gateway");
    const { order_id: id } = (await (await placeOrder(gateway)).json()) as { order_id: string };
    const transport = createGrpcTransport({ target: new URL(gateway).host });
    await createClient(ShopService, transport).getOrder({ orderId: id });
    transport.close();
    await fetch(`${gateway}/api/orders/${id}:cancel`, { method: "POST", body: "{}" });
    await fetch(`${gateway}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...ORDER, payment_method: "tok_declined" }),
    });
  }

  for (const { title, uid, panels } of dashboards) {
    it(`show something in each panel: ${title}`, async () => {
      const shown = panels.filter(({ targets = [] }) => targets.length > 0);
      assert.ok(shown.length > 0, uid);
      await eventually(
        async () => {
          await use();
          const empty: string[] = [];
          for (const { title: panel, targets = [] } of shown) {
            for (const { expr } of targets) {
              const values = (await prometheus.query(asAsked(expr))).map(({ value }) => value);
              if (!values.some((value) => Number.isFinite(value))) empty.push(`${panel}: ${expr}`);
            }
          }
          assert.deepEqual(empty, []);
        },
        { timeoutMs: 60_000 },
      );
    });
  }
});
