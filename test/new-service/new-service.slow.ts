// Follows docs/adding-a-service.md in a copy of the tree, and holds it to what it promises.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LISTENERS } from "../../tools/run-all/settings.ts";
import { createBackend } from "../e2e/backend.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts, SERVING, startRunAll } from "../support/run-all.ts";
import { type Copy, copyTree } from "./support/copy.ts";
import { type Step, stepsOf } from "./support/tutorial.ts";

const MINUTE = 60_000;
const STEPS = stepsOf(readFileSync("docs/adding-a-service.md", "utf8"));
const HEALTH = {
  line: `node_modules/.bin/buf curl --protocol grpc --http2-prior-knowledge -d '{"service":"shop.stock.v1.StockService"}' http://localhost:8084/grpc.health.v1.Health/Check`,
  answer: '{"status":"SERVING"}',
};
/** All but those of what knows no service. */
const THROUGH_ALL_SERVICES = "'test/!(manifests|contract|telemetry|storage|tools)/**/!(grpcurl).test.ts'";
const isCall = ({ line }: { line: string }) => line.includes("localhost:");

describe("a fifth service", function () {
  this.timeout(2 * MINUTE);
  let copy: Copy;
  before(() => {
    copy = copyTree();
  });
  after(() => copy?.remove());

  it("changes nothing that is written by hand but the list of roles", async () => {
    await copy.run("make new SERVICE=stock");
    const { modified, added } = copy.changes();
    assert.deepEqual(
      modified.filter((file) => !file.startsWith("gen/")),
      ["src/roles.ts"],
    );
    assert.deepEqual(
      new Set(added.filter((file) => !file.startsWith("gen/")).map((file) => file.split("/").slice(0, 3).join("/"))),
      new Set(["proto/shop/stock", ...added.filter((file) => /^(src|test)\/stock\/[^/]+$/.test(file))]),
    );
    assert.ok(added.some((file) => file.startsWith("gen/k8s/")));
  });

  it("is refused under a name that is taken or is none", async () => {
    for (const [name, why] of [
      ["stock", /"stock" is taken: there is src\/stock/],
      ["user", /"user" is taken: there is src\/user/],
      ["rpc", /"rpc" is taken: there is src\/rpc/],
      ["edge", /"edge" is taken/],
      ["Stock", /"Stock" is no name for a service/],
      ["9lives", /"9lives" is no name for a service/],
      ["class", /"class" is a word of the code itself/],
      ["", /a service needs a name/],
      ["../x", /is no name for a service/],
    ] as const) {
      await assert.rejects(copy.run(`make new SERVICE='${name}'`), why);
    }
  });

  it("is consistent right away: lint, types, contracts, manifests", async () => {
    await copy.run("make check");
  });

  it("runs with the others: on its port, with reflection, health, traces and log lines", async () => {
    const ports = await freePorts([...LISTENERS, "stock"]);
    const shop = startRunAll(join(copy.root, "data"), ports, copy.root);
    try {
      await shop.printed(SERVING);
      assert.match(shop.output(), /^ {2}stock +http:\/\/localhost:\d+ +ready$/m);
      for (const { line, answer } of [...STEPS.filter(isCommand).filter(isCall), HEALTH]) {
        assertAnswer(await copy.run(line.replaceAll("localhost:8084", `localhost:${ports.stock}`)), answer);
      }
      await shop.printed(/^stock +\| .*ChangeStock.*trace_id=[0-9a-f]{32}/m);
      const backend = createBackend(shop.url("dashboard"));
      await eventually(async () => {
        const names = (await backend.traces("service.name = stock-service")).flat().map((span) => span.name);
        assert.ok(names.includes("shop.stock.v1.StockService/ChangeStock"), names.join());
      });
    } finally {
      assert.equal(await shop.stop(), 0);
    }
  });

  it("passes the tests that go through all services, and its own", async function () {
    this.timeout(10 * MINUTE);
    const output = await copy.run(`make test TESTS="${THROUGH_ALL_SERVICES}"`);
    assert.match(output, /the stock role/);
    assert.doesNotMatch(output, /\d+ failing/);
  });

  for (const [i, step] of STEPS.slice(1).entries()) {
    if (step.kind === "command" && isCall(step)) continue;
    it(`is called by the saga of orders: step ${i + 1}, ${titleOf(step)}`, async function () {
      this.timeout(4 * MINUTE);
      if (step.kind === "command") await copy.run(step.line);
      else if (step.kind === "file") writeFileSync(join(copy.root, step.path), step.text);
      else copy.feed("git", ["apply", "-"], step.text);
    });
  }
});

function assertAnswer(output: string, answer = ""): void {
  const parts = compact(answer)
    .split(/<[^>]*>/)
    .map((part) => RegExp.escape(part));
  assert.match(compact(output), new RegExp(`^${parts.join('[^"]+')}$`));
}

/** JSON without the blanks that each program puts where it likes; here no text has any. */
const compact = (json: string): string => json.replace(/\s/g, "");

function isCommand(step: Step): step is Step & { kind: "command" } {
  return step.kind === "command";
}

function titleOf(step: Step): string {
  if (step.kind === "command") return step.line;
  return step.kind === "file" ? step.path : (/^\+\+\+ b\/(.*)$/m.exec(step.text)?.[1] ?? "a diff");
}
