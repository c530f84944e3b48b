// The environment, read once. README's settings table is this file in words.
import { hostname } from "node:os";
import packageJson from "../package.json" with { type: "json" };
import { reader } from "./environment.ts";
import { targetOf } from "./rpc/client/target.ts";

export const ROLES = ["gateway", "user", "order", "payment"] as const;
export type Role = (typeof ROLES)[number];

const PORTS: Record<Role, number> = { gateway: 8080, user: 8081, order: 8082, payment: 8083 };
const NAMES: Record<Role, string> = {
  gateway: "api-gateway",
  user: "user-service",
  order: "order-service",
  payment: "payment-service",
};

export type Settings = ReturnType<typeof readSettings>;

/** Reads and checks all settings. Throws one error that names every fault. */
export function readSettings(env: NodeJS.ProcessEnv = process.env) {
  const read = reader(env);
  const role = read.requiredOneOf("ROLE", ROLES);
  const serviceName = read.text("OTEL_SERVICE_NAME") ?? read.text("SERVICE_NAME") ?? (role ? NAMES[role] : "");
  const settings = {
    role: role ?? "gateway",
    host: read.text("HOST") ?? "127.0.0.1",
    port: read.integer("PORT", { min: 0, max: 65_535 }) ?? (role ? PORTS[role] : 0),
    peers: {
      user: read.accepted("USER_SERVICE_URL", PEER, isPeer) ?? "http://user-service:8081",
      order: read.accepted("ORDER_SERVICE_URL", PEER, isPeer) ?? "http://order-service:8082",
      payment: read.accepted("PAYMENT_SERVICE_URL", PEER, isPeer) ?? "http://payment-service:8083",
      /** Whether the channel retries; off where a mesh does. */
      retries: read.flag("CHANNEL_RETRIES") ?? true,
    },
    storage: {
      databaseUrl: read.url("DATABASE_URL", ["postgres:", "postgresql:"]),
      poolMax: read.integer("DATABASE_POOL_MAX", { min: 1, max: 1000 }) ?? 10,
      dataDir: read.text("DATA_DIR") ?? "data",
      redisUrl: read.url("REDIS_URL", ["redis:", "rediss:"]),
      demoUsers: read.integer("DEMO_USERS", { min: 0, max: 100_000 }) ?? 1000,
    },
    telemetry: {
      serviceName,
      serviceVersion: read.text("SERVICE_VERSION") ?? packageJson.version,
      environment: read.text("ENVIRONMENT") ?? "development",
      instanceId: read.text("SERVICE_INSTANCE_ID") ?? `${hostname()}-${process.pid}`,
      enabled: !(read.flag("OTEL_SDK_DISABLED") ?? false),
      samplingRatio: read.number("OTEL_TRACES_SAMPLER_ARG", { min: 0, max: 1 }) ?? 0.1,
      metricIntervalMs: read.integer("OTEL_METRIC_EXPORT_INTERVAL", { min: 100, max: 3_600_000 }) ?? 60_000,
      logLevel: read.oneOf("LOG_LEVEL", ["error", "warn", "info", "debug"] as const) ?? "info",
      logFormat: read.oneOf("LOG_FORMAT", ["pretty", "json"] as const) ?? (process.stdout.isTTY ? "pretty" : "json"),
    },
    corsOrigins: read.list("CORS_ORIGINS", ORIGINS, isOrigin) ?? ["*"],
    /** Whether callers of the gateway may decide on sampling and send any baggage, as a proxy in front does. */
    trustProxy: read.flag("TRUST_PROXY") ?? false,
    drainTimeoutMs: read.integer("DRAIN_TIMEOUT_MS", { min: 0, max: 600_000 }) ?? 10_000,
    recoveryIntervalMs: read.integer("RECOVERY_INTERVAL_MS", { min: 100, max: 3_600_000 }) ?? 10_000,
  } as const;
  read.check();
  return settings;
}

const PEER = "must be http://host:port (TLS is left to the mesh), or a gRPC target: dns:, ipv4:, ipv6:, unix:, xds:";

function isPeer(url: string): boolean {
  try {
    return !/[:/]$/.test(targetOf(url));
  } catch {
    return false;
  }
}

const ORIGINS = "must be *, or origins such as https://shop.example, with commas between";

const isOrigin = (text: string): boolean => text === "*" || /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/i.test(text);
