// The environment, read once. The table in docs/operations.md describes each variable.
import { hostname } from "node:os";
import packageJson from "../package.json" with { type: "json" };
import { addressOf, workloadOf } from "./contract.ts";
import { reader, type SettingsReader } from "./environment.ts";
import type { Role } from "./role.ts";
import { roleNames, roles } from "./roles.ts";
import { targetOf } from "./rpc/client/target.ts";
import { type CredentialPaths, readCredentials } from "./rpc/tls/credential-files.ts";
import type { VerifierOptions } from "./rpc/tokens/verifier.ts";

export type Settings = ReturnType<typeof readSettings>;

/** Reads and checks all settings. Throws one error that names every fault. */
export function readSettings(env: NodeJS.ProcessEnv = process.env) {
  const read = reader(env);
  const name = read.requiredOneOf("ROLE", roleNames);
  // Without a role there is a fault and there will be no settings. Reading those of any role still finds all other faults.
  const role = roles.find((r) => r.name === name) ?? roles[0]!;
  const workload = workloadOf(role);
  const settings = {
    role: role.name,
    host: read.text("HOST") ?? "127.0.0.1",
    port: read.integer("PORT", { min: 0, max: 65_535 }) ?? workload.port,
    peers: {
      /** URLs of the services that the role calls, by type name. */
      urls: peerUrls(role, read),
      /** Whether the channel retries. Off where a mesh does. */
      retries: read.flag("CHANNEL_RETRIES") ?? true,
    },
    tls: tlsSettings(read),
    storage: {
      databaseUrl: read.url("DATABASE_URL", ["postgres:", "postgresql:"]),
      poolMax: read.integer("DATABASE_POOL_MAX", { min: 1, max: 1000 }) ?? 10,
      dataDir: read.text("DATA_DIR") ?? "data",
      redisUrl: read.url("REDIS_URL", ["redis:", "rediss:"]),
    },
    telemetry: {
      serviceName: read.text("OTEL_SERVICE_NAME") ?? read.text("SERVICE_NAME") ?? workload.name,
      serviceNamespace: read.text("SERVICE_NAMESPACE") ?? packageJson.name,
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
    /** Whether a proxy in front is trusted to decide on sampling and baggage and to bound resets of streams. */
    trustProxy: read.flag("TRUST_PROXY") ?? false,
    /** Where the gateway's own page sends spans, by OTLP over HTTP; undefined: it makes none. */
    pageTracesUrl: read.openUrl("PAGE_TRACES_URL"),
    /** grpc clients look a name up anew when a connection ends, so connections must end now and then. */
    connectionAgeMs: read.integer("CONNECTION_AGE_MS", { min: 100, max: 86_400_000 }) ?? 300_000,
    /** Memory that the requests and answers of all clients together may take. */
    maxHeldMib: read.integer("MAX_HELD_MIB", { min: 1, max: 65_536 }) ?? 32,
    /** Calls of each method that may be under way. */
    concurrencyLimit: read.accepted("CONCURRENCY_LIMIT", LIMIT, isLimit) ?? "adaptive",
    /** Calls of a client; undefined: as many as it likes. */
    rateLimitPerMinute: read.integer("RATE_LIMIT_PER_MINUTE", { min: 1, max: 1_000_000 }),
    /** The provider of the tokens that people call the gateway with; undefined: it asks nobody who they are. */
    oidc: oidcSettings(read),
    /** How long a role waits for its database before it gives up. */
    startTimeoutMs: read.integer("START_TIMEOUT_MS", { min: 0, max: 3_600_000 }) ?? 60_000,
    drainTimeoutMs: read.integer("DRAIN_TIMEOUT_MS", { min: 0, max: 600_000 }) ?? 10_000,
    /** How long idle connections of HTTP/1.1 may still bring a request at the end. */
    drainIdleMs: read.integer("DRAIN_IDLE_MS", { min: 0, max: 600_000 }) ?? 2_000,
    faults: faultSettings(read),
    /** Where a console reaches each workload; undefined: there is none. */
    console: consoleSettings(read),
    /** The settings that only this role has. */
    own: role.settings(read),
  } as const;
  read.check();
  return settings;
}

/** The files of the certificate that the role shows, its key, and the authorities of those who may call; undefined: plaintext. */
function tlsSettings(read: SettingsReader): CredentialPaths | undefined {
  const [cert, key, ca] = ["TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE"].map((name) => read.text(name));
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    for (const name of ["TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE"]) {
      read.refuse(name, "needs both TLS_CERT_FILE and TLS_KEY_FILE");
    }
    return undefined;
  }
  const paths = { cert, key, ca };
  try {
    readCredentials(paths);
  } catch (error) {
    read.refuse("TLS_CERT_FILE", error instanceof Error ? error.message : String(error));
  }
  return paths;
}

function oidcSettings(read: SettingsReader): VerifierOptions | undefined {
  const issuer = read.text("OIDC_ISSUER");
  const audience = read.text("OIDC_AUDIENCE");
  const jwksUrl = read.url("OIDC_JWKS_URL", ["https:", "http:"]);
  const algorithms = read.list("OIDC_ALGORITHMS", SIGNATURES, (name) => ALGORITHMS.has(name)) ?? ["RS256", "ES256"];
  if (issuer !== undefined && audience !== undefined && jwksUrl !== undefined)
    return { issuer, audience, jwksUrl, algorithms };
  for (const name of ["OIDC_ISSUER", "OIDC_AUDIENCE", "OIDC_JWKS_URL"])
    read.refuse(name, "needs all of OIDC_ISSUER, OIDC_AUDIENCE and OIDC_JWKS_URL");
  return undefined;
}

/** Without those by which the server could sign as well. */
const ALGORITHMS = new Set(
  ["RS", "PS", "ES"].flatMap((kind) => [256, 384, 512].map((bits) => `${kind}${bits}`)).concat("EdDSA"),
);
const SIGNATURES = `must be of ${[...ALGORITHMS].join(", ")}, with commas between`;

/** What calls suffer on purpose, from the start or by mesh.v1.FaultService. */
function faultSettings(read: SettingsReader) {
  const settings = {
    switchable: read.flag("FAULT_SWITCHES") ?? false,
    latencyMs: read.integer("FAULT_LATENCY_MS", { min: 0, max: 60_000 }) ?? 0,
    errorRatio: read.number("FAULT_ERROR_RATIO", SHARE) ?? 0,
    hangRatio: read.number("FAULT_HANG_RATIO", SHARE) ?? 0,
  };
  if (settings.errorRatio + settings.hangRatio > 1) {
    read.refuse("FAULT_HANG_RATIO", "must be 1 at most together with FAULT_ERROR_RATIO");
  }
  if (isProduction(read)) {
    if (settings.switchable) read.refuse("FAULT_SWITCHES", NOT_IN_PRODUCTION);
    if (settings.latencyMs > 0) read.refuse("FAULT_LATENCY_MS", NOT_IN_PRODUCTION);
    if (settings.errorRatio > 0) read.refuse("FAULT_ERROR_RATIO", NOT_IN_PRODUCTION);
    if (settings.hangRatio > 0) read.refuse("FAULT_HANG_RATIO", NOT_IN_PRODUCTION);
  }
  return settings;
}

/** A page calls by HTTP what it reaches through the gateway, so other targets will not do. */
function consoleSettings(read: SettingsReader): Readonly<Record<string, string>> | undefined {
  const isOn = read.flag("CONSOLE") ?? false;
  if (isOn && isProduction(read)) read.refuse("CONSOLE", NOT_IN_PRODUCTION);
  const urls = roles.map((role) => {
    const { variable, url } = addressOf(role.services[0]);
    return [workloadOf(role).name, (isOn ? read.url(variable, ["http:", "https:"]) : undefined) ?? url];
  });
  return isOn ? Object.fromEntries(urls) : undefined;
}

const isProduction = (read: SettingsReader): boolean => /^prod/i.test(read.text("ENVIRONMENT") ?? "");

const SHARE = { min: 0, max: 1 };
const NOT_IN_PRODUCTION = "must be off where ENVIRONMENT is production";

function peerUrls({ peers }: Role, read: SettingsReader): Readonly<Record<string, string>> {
  const entries = Object.values(peers).map((service) => {
    const { variable, url } = addressOf(service);
    return [service.typeName, read.accepted(variable, PEER, isPeer) ?? url];
  });
  return Object.fromEntries(entries);
}

const PEER = "must be http://host:port, https://host:port, or a gRPC target: dns:, ipv4:, ipv6:, unix:, xds:";

function isPeer(url: string): boolean {
  try {
    return !/[:/]$/.test(targetOf(url));
  } catch {
    return false;
  }
}

const LIMIT = "must be adaptive, off, or a whole number from 1 to 100000";

const isLimit = (text: string): boolean =>
  text === "adaptive" || text === "off" || (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= 100_000);

const ORIGINS = "must be *, or origins such as https://shop.example, with commas between";

const isOrigin = (text: string): boolean => text === "*" || /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/i.test(text);
