import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { addressOf } from "../../src/contract.ts";
import { type RoleName, roles } from "../../src/roles.ts";
import type { Certificates } from "./certificates.ts";
import type { Relay } from "./relay/relay.ts";
import { HOST, type Listener, type RunAllSettings } from "./settings.ts";

/** How to start a process, and how to see that it is ready. */
export type ProcessPlan = {
  name: Listener;
  port: number;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Resolves to whether the process serves. Rejects while nothing listens. */
  isReady(signal: AbortSignal): Promise<boolean>;
};

const DASHBOARD = "node_modules/autotel-devtools/dist/cli.js";
const DASHBOARD_DISK_LIMIT = "256mb";

/**
 * A role: `node src/main.ts` in the given environment, with its port, peers and telemetry set. It records every trace and exports
 * metrics every few seconds, so that one order is seen whole and soon.
 */
export function rolePlan(
  role: RoleName,
  { ports, dataDir }: RunAllSettings,
  env: NodeJS.ProcessEnv,
  relay: Pick<Relay, "tracesUrl" | "metricsUrl">,
  certificates: Certificates | undefined,
): ProcessPlan {
  const url = (name: Listener, scheme = "http") => `${scheme}://${HOST}:${ports[name]}`;
  const scheme = certificates === undefined ? "http" : "https";
  return {
    name: role,
    port: ports[role],
    args: ["src/main.ts"],
    env: {
      LOG_FORMAT: "pretty",
      DRAIN_IDLE_MS: "0", // a browser's idle connections must not hold up Ctrl-C
      CONSOLE: "true",
      FAULT_SWITCHES: "true", // to learn by breaking it; all listen on the loopback
      ...withoutTelemetry(env),
      ROLE: role,
      SERVICE_NAME: "", // the default, which differs by role
      HOST,
      PORT: String(ports[role]),
      ...Object.fromEntries(roles.map(({ name, services }) => [addressOf(services[0]).variable, url(name, scheme)])),
      ...certificates?.envOf(role),
      DATA_DIR: dataDir,
      OTEL_EXPORTER_OTLP_ENDPOINT: url("dashboard"),
      OTEL_TRACES_SAMPLER_ARG: "1.0",
      OTEL_METRIC_EXPORT_INTERVAL: "5000",
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/json", // the dashboard misreads the counts of histograms in Protobuf
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: relay.tracesUrl,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: relay.metricsUrl,
      PAGE_TRACES_URL: relay.tracesUrl,
      TRACE_URL: `http://localhost:${ports.dashboard}/#trace={trace_id}`,
    },
    isReady: (signal) => isServing(url(role, scheme), certificates?.ca, signal),
  };
}

/** The telemetry backend: OTLP over HTTP, its web page and its query API on one port. It stores what it gets in `telemetry.db`. */
export function dashboardPlan({ ports, dataDir }: RunAllSettings, env: NodeJS.ProcessEnv): ProcessPlan {
  const options = {
    "--host": HOST,
    "--port": String(ports.dashboard),
    "--grpc-port": "0", // any port, because nothing here sends OTLP over gRPC
    "--db": join(dataDir, "telemetry.db"),
    "--db-max-size": DASHBOARD_DISK_LIMIT,
    "--title": "tracemesh",
  };
  return {
    name: "dashboard",
    port: ports.dashboard,
    args: [DASHBOARD, ...Object.entries(options).flat()],
    env: { ...env, AUTOTEL_DEVTOOLS_SOURCE_ROOT: "src" },
    isReady: async (signal) => (await fetch(`http://${HOST}:${ports.dashboard}/healthz`, { signal })).ok,
  };
}

/** The environment without variables that could send telemetry elsewhere or turn it off. */
function withoutTelemetry(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("OTEL_")));
}

/** Calls grpc.health.v1.Health/Check as Connect with JSON. */
async function isServing(url: string, ca: string | undefined, signal: AbortSignal): Promise<boolean> {
  const options = { method: "POST", headers: { "content-type": "application/json" }, signal };
  const path = `${url}/grpc.health.v1.Health/Check`;
  const sent = ca === undefined ? http.request(path, options) : https.request(path, { ...options, ca });
  sent.end("{}");
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body: unknown = await json(response);
  return typeof body === "object" && body !== null && "status" in body && body.status === "SERVING";
}
