// One gRPC server of the benchmark's contract: `node server-process.ts KIND PORT`.
const [kind, port] = process.argv.slice(2) as [ServerKind, string];

/** Loaded only when asked for, so that none has the start and the memory of another. */
const STARTS = {
  plain: async () => (await import("./own-server.ts")).startPlain,
  intercepted: async () => (await import("./own-server.ts")).startIntercepted,
  logged: async () => (await import("./own-server.ts")).startLogged,
  sampled: async () => (await import("./own-server.ts")).startSampled,
  "plain-tls": async () => (await import("./own-server.ts")).startTls,
  "plain-mtls": async () => (await import("./own-server.ts")).startMutualTls,
  "grpc-js-tls": async () => (await import("./peers/grpc-js.ts")).startGrpcJsTls,
  "grpc-js-mtls": async () => (await import("./peers/grpc-js.ts")).startGrpcJsMutualTls,
  "grpc-js": async () => (await import("./peers/grpc-js.ts")).startGrpcJs,
  "nice-grpc": async () => (await import("./peers/nice-grpc.ts")).startNiceGrpc,
  nest: async () => (await import("./peers/nest-grpc.ts")).startNestGrpc,
  connect: async () => (await import("./peers/connect.ts")).startConnect,
} satisfies Record<string, () => Promise<(port: number) => Promise<unknown>>>;

const WITH_OPENTELEMETRY = { "grpc-js-otel": "grpc-js", "nice-grpc-otel": "nice-grpc", "nest-otel": "nest" } as const;

/**
 * Of ours, "intercepted" is a server as a role has it, without its log lines; "logged" is the default; "sampled" is that with all traces
 * recorded. Peers ending in "-otel" have OpenTelemetry's instrumentation.
 */
export type ServerKind = keyof typeof STARTS | keyof typeof WITH_OPENTELEMETRY;

if (kind in WITH_OPENTELEMETRY) (await import("./peers/opentelemetry.ts")).startOpenTelemetry();
const plainKind = kind in WITH_OPENTELEMETRY ? WITH_OPENTELEMETRY[kind as keyof typeof WITH_OPENTELEMETRY] : kind;
const start = await STARTS[plainKind as keyof typeof STARTS]();
await start(Number(port));
