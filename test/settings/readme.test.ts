// README's settings table and src/settings.ts must say the same.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ROLES, readSettings } from "../../src/settings.ts";

/** Read by the OpenTelemetry SDK, not by us. */
const OF_THE_SDK = ["OTEL_EXPORTER_OTLP_ENDPOINT"];

type Row = { names: string[]; defaults: string[]; text: string };

const namesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

/** The rows of the table under "## Settings". */
function rows(): Row[] {
  const [, section = ""] = readFileSync("README.md", "utf8").split("\n## Settings\n");
  const table = section
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  return table.map((line) => {
    const [names = "", text = ""] = line.slice(2).split(" | ");
    return { names: namesIn(names), defaults: namesIn(text), text };
  });
}

function rowOf(name: string): Row {
  const row = rows().find(({ names }) => names.includes(name));
  assert.ok(row, `README has no ${name}`);
  return row;
}

const gateway = readSettings({ ROLE: "gateway" });

describe("README's settings", () => {
  it("are those that are read", () => {
    const source = readFileSync("src/settings.ts", "utf8");
    const read = [...source.matchAll(/read\.\w+\(\s*"([A-Z_]+)"/g)].map(([, name]) => name!);
    assert.ok(read.length > 20);
    const told = rows().flatMap(({ names }) => names);
    assert.deepEqual(told.toSorted(), [...read, ...OF_THE_SDK].toSorted());
  });

  for (const [name, value] of [
    ["CHANNEL_RETRIES", gateway.peers.retries],
    ["DATABASE_POOL_MAX", gateway.storage.poolMax],
    ["DATA_DIR", gateway.storage.dataDir],
    ["DEMO_USERS", gateway.storage.demoUsers],
    ["CORS_ORIGINS", gateway.corsOrigins],
    ["DRAIN_TIMEOUT_MS", gateway.drainTimeoutMs],
    ["RECOVERY_INTERVAL_MS", gateway.recoveryIntervalMs],
    ["OTEL_TRACES_SAMPLER_ARG", gateway.telemetry.samplingRatio],
    ["OTEL_METRIC_EXPORT_INTERVAL", gateway.telemetry.metricIntervalMs],
    ["OTEL_SDK_DISABLED", !gateway.telemetry.enabled],
  ] as const) {
    it(`tell the default of ${name}`, () => assert.equal(rowOf(name).text.replaceAll("`", ""), String(value)));
  }

  it("tell the defaults that differ by role, in the order of the roles", () => {
    assert.deepEqual(rowOf("ROLE").names, ["ROLE"]);
    const byRole = ROLES.map((role) => readSettings({ ROLE: role }));
    const ports = byRole.map(({ port }) => port).join(", ");
    assert.equal(rowOf("PORT").text, `\`${gateway.host}\`; ${ports} by role`);
    assert.deepEqual(
      rowOf("SERVICE_NAME").defaults,
      byRole.map(({ telemetry }) => telemetry.serviceName),
    );
  });

  it("tell the defaults of what is told together", () => {
    const { peers, telemetry } = gateway;
    assert.deepEqual(rowOf("USER_SERVICE_URL").defaults, [peers.user, peers.order, peers.payment]);
    assert.deepEqual(rowOf("SERVICE_VERSION").defaults, [telemetry.serviceVersion, telemetry.environment]);
    assert.deepEqual(rowOf("LOG_LEVEL").defaults, [telemetry.logLevel, "pretty", "json"]);
  });
});
