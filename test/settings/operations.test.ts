// The settings table of docs/operations.md and src/settings.ts must say the same.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { addressOf } from "../../src/contract.ts";
import { roleNames, roles } from "../../src/roles.ts";
import { readSettings } from "../../src/settings.ts";

/** Read by the OpenTelemetry SDK, not by us. */
const OF_THE_SDK = ["OTEL_EXPORTER_OTLP_ENDPOINT"];

type Row = { names: string[]; defaults: string[]; text: string };

const namesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

/** The rows of the table under "## Settings". */
function rows(): Row[] {
  const [, section = ""] = readFileSync("docs/operations.md", "utf8").split("\n## Settings\n");
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
  assert.ok(row, `docs/operations.md has no ${name}`);
  return row;
}

const gateway = readSettings({ ROLE: "gateway" });
const { demoUsers } = readSettings({ ROLE: "user" }).own as { demoUsers: number };
const { recoveryIntervalMs, recoveryRestMs } = readSettings({ ROLE: "order" }).own as Record<string, number>;

/** The names of the variables that are looked at. */
function variablesRead(env: NodeJS.ProcessEnv): string[] {
  const names = new Set<string>();
  const get = (target: NodeJS.ProcessEnv, name: string) => {
    names.add(name);
    return target[name];
  };
  readSettings(new Proxy(env, { get }));
  return [...names];
}

const USERS = addressOf(UserService);
/** Told by one example. */
const OF_PEERS = new Set(
  roles.flatMap(({ peers }) => Object.values(peers).map((service) => addressOf(service).variable)),
);

describe("the settings of docs/operations.md", () => {
  it("are those that are read", () => {
    const read = new Set(roleNames.flatMap((ROLE) => variablesRead({ ROLE }))).difference(OF_PEERS);
    assert.ok(read.size > 20);
    const told = rows().flatMap(({ names }) => names);
    assert.deepEqual(told.toSorted(), [...read, ...OF_THE_SDK, USERS.variable].toSorted());
  });

  for (const [name, value] of [
    ["CHANNEL_RETRIES", gateway.peers.retries],
    ["DATABASE_POOL_MAX", gateway.storage.poolMax],
    ["DATA_DIR", gateway.storage.dataDir],
    ["DEMO_USERS", demoUsers],
    ["CORS_ORIGINS", gateway.corsOrigins],
    ["CONCURRENCY_LIMIT", gateway.concurrencyLimit],
    ["CONNECTION_AGE_MS", gateway.connectionAgeMs],
    ["MAX_HELD_MIB", gateway.maxHeldMib],
    ["DRAIN_TIMEOUT_MS", gateway.drainTimeoutMs],
    ["DRAIN_IDLE_MS", gateway.drainIdleMs],
    ["RECOVERY_INTERVAL_MS", recoveryIntervalMs],
    ["RECOVERY_REST_MS", recoveryRestMs],
    ["OTEL_TRACES_SAMPLER_ARG", gateway.telemetry.samplingRatio],
    ["OTEL_METRIC_EXPORT_INTERVAL", gateway.telemetry.metricIntervalMs],
    ["OTEL_SDK_DISABLED", !gateway.telemetry.enabled],
  ] as const) {
    it(`tell the default of ${name}`, () => assert.equal(rowOf(name).text.replaceAll("`", ""), String(value)));
  }

  it("tell what differs by role of the gateway and of the users", () => {
    assert.deepEqual(rowOf("ROLE").names, ["ROLE"]);
    assert.deepEqual(rowOf("PORT").defaults, [gateway.host, String(gateway.port)]);
    assert.deepEqual(rowOf("SERVICE_NAME").defaults, [gateway.telemetry.serviceName]);
    assert.deepEqual(rowOf(USERS.variable).defaults, [USERS.url]);
  });

  it("tell the defaults of what is told together", () => {
    const { telemetry } = gateway;
    assert.deepEqual(rowOf("SERVICE_VERSION").defaults, [
      telemetry.serviceNamespace,
      telemetry.serviceVersion,
      telemetry.environment,
    ]);
    assert.deepEqual(rowOf("LOG_LEVEL").defaults, [telemetry.logLevel, "pretty", "json"]);
  });
});
