import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { portVariable } from "../../tools/run-all/settings.ts";
import { freePorts, isFree, type Ports, type RunAllShop, startRunAllShop } from "../support/run-all.ts";
import { startShop } from "../support/shop.ts";

const DEMO = resolve(import.meta.dirname, "../../tools/demo.ts");

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

function runDemo(ports: Partial<Ports>, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const variables = Object.entries(ports).map(([name, port]) => [portVariable(name), String(port)]);
  const all = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...Object.fromEntries(variables), ...env };
  return new Promise((done) => {
    execFile(process.execPath, [DEMO, ...args], { env: all }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** The rows of each table, by the title above it. */
function tablesOf(output: string): Record<string, string[][]> {
  const tables = output.matchAll(/^(\S.*)\n((?: {2}\S.*\n)+)/gm);
  return Object.fromEntries(
    [...tables].map(([, title = "", rows = ""]) => [title, rows.split("\n").map((row) => row.trim().split(/ {3,}/))]),
  );
}

describe("the demo", function () {
  this.timeout(60_000);

  describe("of a shop that runs", () => {
    let shop: RunAllShop;
    before(async () => {
      shop = await startRunAllShop();
    });
    after(() => shop.close());

    it("shows what becomes of orders that are good, declined and refused while payments are slow", async () => {
      const { stdout, stderr, code } = await runDemo(shop.ports, ["--seconds", "2", "--only", "slow-payments"]);
      assert.deepEqual([code, stderr], [0, ""]);
      const { "All is well": well = [], "Payments take 0.7 s longer": slow = [] } = tablesOf(stdout);
      for (const [row, answers] of Object.entries({
        order: "20 x 200",
        "order, card declined": "6 x 402",
        "order, no funds": "2 x 402",
        "order, unknown user": "2 x 400",
        "look at a user": "6 x 200",
        "list orders": "4 x 200",
      })) {
        for (const table of [well, slow]) assert.equal(table.find(([name]) => name === row)?.[2], answers, row);
      }
      const median = (table: string[][]) => Number.parseInt(table.find(([name]) => name === "order")!.at(-2)!, 10);
      assert.ok(median(slow) >= 700 && median(slow) > median(well) + 500, stdout);
      const [, traceId] = /slowest +\S+#trace=([0-9a-f]{32})/.exec(stdout) ?? [];
      assert.ok(traceId !== undefined, stdout);
      assert.deepEqual(await faultOf(shop), {});
    });

    it("mends what it broke, and shows that no order is lost", async () => {
      // Of about 126 orders one in eleven hangs twice, and has no answer: that there is none of them happens to nobody.
      const args = ["--seconds", "3", "--rate", "60", "--only", "hanging-payments"];
      const { stdout, stderr, code } = await runDemo(shop.ports, args);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /mended: all \d+ orders without an answer .* settled/);
      assert.match(stdout, /failed +\S+#trace=[0-9a-f]{32}/);
      assert.deepEqual(await faultOf(shop), {});
    });
  });

  it("starts a shop where none runs, and ends it if told so", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "tracemesh-demo-"));
    const ports = await freePorts();
    const args = ["--seconds", "1", "--only", "failing-users", "--leave"];
    const { stdout, stderr, code } = await runDemo(ports, args, { DATA_DIR: dataDir });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^Half of all calls to the user role fail/m);
    for (const port of Object.values(ports)) assert.ok(await isFree(port));
    await rm(dataDir, { recursive: true });
  });

  it("says how a shop can be broken that has no switch for faults", async () => {
    const shop = await startShop();
    const portOf = (role: "gateway" | "payment") => Number(new URL(shop.url(role)).port);
    const ports = { gateway: portOf("gateway"), payment: portOf("payment") };
    const { stderr, code } = await runDemo(ports, ["--seconds", "1", "--only", "slow-payments"]);
    assert.deepEqual([code, stderr], [1, "the payment role cannot be broken: FAULT_SWITCHES=true lets it be\n"]);
    await shop.close();
  });

  const refused: Readonly<Record<string, [string[], string]>> = {
    "no time": [["--seconds", "0"], "--seconds must be a whole number from 1 to 600"],
    "a rate that is none": [["--rate", "fast"], "--rate must be a whole number from 1 to 1000"],
    "what it cannot break": [
      ["--only", "gateway"],
      "--only must be one of slow-payments, failing-users, hanging-payments",
    ],
    "an option that it does not have": [["--loud"], "Unknown option '--loud'"],
  };
  it("refuses a shop over TLS", async () => {
    const { stderr, code } = await runDemo({}, [], { TLS: "1" });
    assert.deepEqual([code, stderr], [1, "the demo speaks plaintext: leave TLS=1 out\n"]);
  });

  for (const [what, [args, message]] of Object.entries(refused)) {
    it(`refuses ${what}`, async () => {
      const { stderr, code } = await runDemo({}, args);
      assert.equal(code, 1);
      assert.ok(stderr.startsWith(message), stderr);
    });
  }
});

/** What payments suffer. */
async function faultOf(shop: RunAllShop): Promise<unknown> {
  const response = await fetch(`${shop.url("payment")}/mesh.v1.FaultService/GetFault`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  return ((await response.json()) as { fault: unknown }).fault;
}
