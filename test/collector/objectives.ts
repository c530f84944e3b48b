// The rules for the contract's objectives, in a real Prometheus that reads the collector of a running shop: mocha test/collector/objectives.ts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { parse } from "yaml";
import { type FaultSchema, FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import type { RoleName } from "../../src/roles.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { placeOrder } from "../support/orders.ts";
import type { ShopProcesses } from "../support/shop-processes.ts";
import { type Prometheus, prometheusProgram, RULE_TESTS, RULES } from "./prometheus.ts";
import { startWatchedShop } from "./watched-shop.ts";

const ARRIVAL = { timeoutMs: 30_000 };

function promtool(...args: string[]): string {
  const { path, env } = prometheusProgram("promtool");
  return execFileSync(path, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...(env && { env }) });
}

describe("the rules for objectives", function () {
  this.timeout(120_000);

  it("are rules, and each tells when its objective is broken, and only then", () => {
    assert.match(promtool("check", "rules", RULES), /SUCCESS/);
    assert.match(promtool("test", "rules", RULE_TESTS), /SUCCESS/);
  });

  /** Tested by the first objectives alone, which takes less time. */
  const mutants: Record<string, [RegExp, string]> = {
    "that count no failures": [/error_type="",/g, ""],
    "that count no slow calls": [/le=~"[^"]+"/g, 'le=~".+"'],
    "that wake up for nothing": [/> 14\.4/g, "> 0.1"],
    "that sleep on": [/> 14\.4/g, "> 144"],
    "with other budgets": [/vector\(0\.01\)/g, "vector(0.1)"],
  };
  for (const [what, [part, instead]] of Object.entries(mutants)) {
    it(`do not pass their tests if they are changed to ones ${what}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "rules-"));
      const rules = await readFile(RULES, "utf8");
      const changed = rules.replaceAll(part, instead);
      assert.notEqual(changed, rules);
      await writeFile(join(folder, "rules.yaml"), changed);
      const tests = parse(await readFile(RULE_TESTS, "utf8")) as { tests: object[] };
      await writeFile(join(folder, "rules.test.yaml"), JSON.stringify({ ...tests, tests: tests.tests.slice(0, 4) }));
      assert.throws(() => promtool("test", "rules", join(folder, "rules.test.yaml")), /FAILED/);
      await rm(folder, { recursive: true });
    });
  }
});

describe("a shop that Prometheus watches", function () {
  this.timeout(90_000);
  const cleanup = new AsyncDisposableStack();
  let shop: ShopProcesses;
  let prometheus: Prometheus;

  before(async function () {
    this.timeout(1_200_000); // the first time on a machine
    const watched = await startWatchedShop({ FAULT_SWITCHES: "true" });
    cleanup.defer(() => watched.close());
    ({ shop, prometheus } = watched);
  });
  after(() => cleanup.disposeAsync());

  const getUser = () => fetch(`${shop.url("gateway")}/api/users/123`);
  /** Such as "api-gateway GetUser availability", of those that the expression has samples of. */
  const objectives = async (expression: string): Promise<string[]> => {
    const samples = await prometheus.query(expression);
    const names = samples.map(({ labels }) => `${labels.workload} ${labels.method} ${labels.objective}`);
    return [...new Set(names)].sort();
  };

  it("counts each call once, where it was served, whatever protocol it came by", async () => {
    await eventually(async () => {
      assert.equal((await placeOrder(shop.url("gateway"))).status, 200);
      assert.equal((await getUser()).status, 200);
      assert.deepEqual(await objectives("slo:calls:rate5m > 0"), [
        "api-gateway CreateOrder availability",
        "api-gateway CreateOrder latency",
        "api-gateway GetUser availability",
        "api-gateway GetUser latency",
        "order-service CreateOrder availability",
        "order-service CreateOrder latency",
        "payment-service Charge availability",
        "payment-service Charge latency",
        "user-service GetUser availability",
        "user-service GetUser latency",
      ]);
    }, ARRIVAL);
    assert.deepEqual(await objectives("slo:bad_calls:rate5m > 0 and slo:error_budget:ratio < 0.005"), []);
  });

  it("tells of the objective that a fault breaks, and of no other", async () => {
    const { pid } = shop.process("user");
    assert.deepEqual(await objectives('ALERTS{alertstate="firing",objective="availability"}'), []);
    process.kill(pid, "SIGSTOP");
    try {
      await eventually(async () => {
        assert.ok((await getUser()).status >= 500);
        assert.deepEqual(await objectives('ALERTS{alertname="ErrorBudgetBurnsFast",objective="availability"}'), [
          "api-gateway GetUser availability",
        ]);
      }, ARRIVAL);
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });

  /** The latency objectives whose alerts have begun since a switch was set, while requests go on. */
  async function brokenBy(
    role: RoleName,
    fault: MessageInitShape<typeof FaultSchema>,
    request: () => Promise<Response>,
  ) {
    const slow = () => objectives('ALERTS{alertname="ErrorBudgetBurnsFast",objective="latency"}');
    const faults = createClient(FaultService, createGrpcTransport({ target: new URL(shop.url(role)).host }));
    const before = await slow();
    await faults.setFault({ fault });
    return {
      mend: () => faults.setFault({}),
      async found() {
        const answers = await Promise.all(Array.from({ length: 5 }, request));
        for (const { status } of answers) assert.equal(status, 200);
        return (await slow()).filter((name) => !before.includes(name));
      },
    };
  }

  it("tells of the objective that a switch breaks, and of no other", async () => {
    const gateway = shop.url("gateway");
    const { order_id: id } = (await (await placeOrder(gateway)).json()) as { order_id: string };
    const fault = { latency: durationFromMs(600), methods: ["GetOrder"] };
    const { mend, found } = await brokenBy("gateway", fault, () => fetch(`${gateway}/api/orders/${id}`));
    await eventually(async () => assert.deepEqual(await found(), ["api-gateway GetOrder latency"]), ARRIVAL);
    await mend();
  });

  it("tells of those that wait for what a switch makes slow", async () => {
    const fault = { latency: durationFromMs(1100) };
    const { mend, found } = await brokenBy("payment", fault, () => placeOrder(shop.url("gateway")));
    const broken = ["api-gateway CreateOrder", "order-service CreateOrder", "payment-service Charge"];
    await eventually(
      async () =>
        assert.deepEqual(
          await found(),
          broken.map((name) => `${name} latency`),
        ),
      ARRIVAL,
    );
    await mend();
  });
});
