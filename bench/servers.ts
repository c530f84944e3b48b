// All servers that are measured: how each is started and what it is called.
import { join } from "node:path";
import { SCOPE } from "../src/telemetry/scope.ts";
import type { GatewayPeerKind } from "./peers/gateway-process.ts";
import type { ServerKind } from "./server-process.ts";
import type { ServerCommand } from "./server-under-test.ts";
import type { TlsKind } from "./tls.ts";

export type Server = ServerCommand & {
  /** Its key among the servers of its kind. */
  readonly key: string;
  readonly label: string;
  /** Whether it is called over TLS. Default: in plaintext. */
  readonly tls?: TlsKind;
  /** The libraries whose spans it must send while it is measured. */
  readonly spansOf: readonly string[];
};

const script = (name: string): string => join(import.meta.dirname, name);

const GRPC_LABELS = {
  "grpc-js": "grpc-js",
  "grpc-js-otel": "grpc-js, OpenTelemetry",
  "grpc-js-tls": "grpc-js, TLS",
  "grpc-js-mtls": "grpc-js, mutual TLS",
  "nice-grpc": "nice-grpc",
  "nice-grpc-otel": "nice-grpc, OpenTelemetry",
  nest: "NestJS",
  "nest-otel": "NestJS, OpenTelemetry",
  connect: "connect-node",
  plain: "tracemesh",
  "plain-tls": "tracemesh, TLS",
  "plain-mtls": "tracemesh, mutual TLS",
  intercepted: "tracemesh, all interceptors",
  logged: "tracemesh, default (a log line each)",
  sampled: "tracemesh, default, all traces recorded",
} as const satisfies Record<ServerKind, string>;

const INSTRUMENTED_GRPC = ["@opentelemetry/instrumentation-grpc"];
const INSTRUMENTED_HTTP_AND_GRPC = ["@opentelemetry/instrumentation-http", ...INSTRUMENTED_GRPC];

const SPANS_OF: Partial<Record<ServerKind, readonly string[]>> = {
  "grpc-js-otel": INSTRUMENTED_GRPC,
  "nice-grpc-otel": INSTRUMENTED_GRPC,
  "nest-otel": INSTRUMENTED_GRPC,
  intercepted: [SCOPE.name],
  logged: [SCOPE.name],
  sampled: [SCOPE.name],
};

const TLS: Partial<Record<ServerKind, TlsKind>> = {
  "grpc-js-tls": "server",
  "grpc-js-mtls": "mutual",
  "plain-tls": "server",
  "plain-mtls": "mutual",
};

/** A gRPC server on Node with the benchmark's contract. */
export function grpcServer(kind: ServerKind): Server {
  return {
    key: kind,
    label: GRPC_LABELS[kind],
    command: [process.execPath, script("server-process.ts"), kind],
    spansOf: SPANS_OF[kind] ?? [],
    ...(TLS[kind] && { tls: TLS[kind] }),
  };
}

/** A gRPC server in another language, with the same contract. */
export function foreignServer(key: string, label: string, executable: string): Server {
  return { key, label, command: [executable], spansOf: [] };
}

const GATEWAY_PEER_LABELS: Record<GatewayPeerKind, string> = {
  fastify: "Fastify",
  "fastify-otel": "Fastify, OpenTelemetry",
  "fastify-otel-logged": "Fastify, OpenTelemetry, its log lines",
  nest: "NestJS",
  "nest-otel": "NestJS, OpenTelemetry",
};

/** A gateway of another framework, in front of the user service at this port. */
export function gatewayPeer(kind: GatewayPeerKind, usersPort: number): Server {
  return {
    key: kind,
    label: GATEWAY_PEER_LABELS[kind],
    command: [process.execPath, script("peers/gateway-process.ts"), kind],
    env: { USERS_TARGET: `127.0.0.1:${usersPort}` },
    spansOf: kind.includes("-otel") ? INSTRUMENTED_HTTP_AND_GRPC : [],
  };
}

export type OwnGatewayKind = "off" | "telemetry" | "default";

const OWN_GATEWAYS: Record<OwnGatewayKind, { label: string; env: Readonly<Record<string, string>> }> = {
  off: { label: "tracemesh", env: { OTEL_SDK_DISABLED: "true", LOG_LEVEL: "warn" } },
  telemetry: { label: "tracemesh, telemetry", env: { LOG_LEVEL: "warn" } },
  default: { label: "tracemesh, default (a log line each)", env: {} },
};

/** Our gateway role. */
export function ownGateway(kind: OwnGatewayKind, usersPort: number): Server {
  const { label, env } = OWN_GATEWAYS[kind];
  // Orders are not called, but their address must be one.
  const users = `http://127.0.0.1:${usersPort}`;
  const peers = { USER_SERVICE_URL: users, ORDER_SERVICE_URL: users };
  return {
    key: `gateway-${kind}`,
    label,
    command: [process.execPath, script("../src/main.ts")],
    env: { ROLE: "gateway", LOG_FORMAT: "json", ...peers, ...env },
    spansOf: kind === "off" ? [] : [SCOPE.name],
  };
}

/** The same with its default settings, from the one executable that `make build` makes. */
export function builtGateway(executable: string, usersPort: number): Server {
  const label = "tracemesh, default, executable";
  return { ...ownGateway("default", usersPort), key: "gateway-built", label, command: [executable] };
}

/** The user role, without telemetry: what the gateways call. */
export function userService(dataDir: string): ServerCommand {
  const env = { ROLE: "user", DATA_DIR: dataDir, OTEL_SDK_DISABLED: "true", LOG_LEVEL: "warn" };
  return { command: [process.execPath, script("../src/main.ts")], env };
}
