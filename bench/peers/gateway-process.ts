// One gateway that is not ours: `USERS_TARGET=host:port node gateway-process.ts KIND PORT`.
const [kind, port] = process.argv.slice(2) as [GatewayPeerKind, string];
const target = process.env.USERS_TARGET!;

/** "-otel" is with OpenTelemetry's instrumentation, "-logged" with Fastify's own lines for each request besides. */
export type GatewayPeerKind = "fastify" | "fastify-otel" | "fastify-otel-logged" | "nest" | "nest-otel";

if (kind.includes("-otel")) (await import("./opentelemetry.ts")).startOpenTelemetry();
if (kind.startsWith("fastify")) {
  const { startFastify } = await import("./fastify.ts");
  await startFastify(Number(port), target, kind.endsWith("-logged"));
} else {
  const { startNestRest } = await import("./nest-rest.ts");
  await startNestRest(Number(port), target);
}
