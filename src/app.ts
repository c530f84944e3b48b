// Puts a role together: its stores and peers, its services, and the server in front of them.
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import type { Logger } from "winston";
import { isPublic, maxRequestBytes, policyOf } from "./contract.ts";
import type { Role, RoleParts, Stores } from "./role.ts";
import { outcomes, roles } from "./roles.ts";
import { createPeer } from "./rpc/client/peer.ts";
import { bareTelemetry } from "./rpc/interceptors/bare-telemetry.ts";
import { clientInterceptors } from "./rpc/interceptors/client.ts";
import { serverInterceptors } from "./rpc/interceptors/server.ts";
import { createRestHandler } from "./rpc/rest/rest-handler.ts";
import { createHealth } from "./rpc/server/health.ts";
import { reflectionServices } from "./rpc/server/reflection.ts";
import { createRpcServer } from "./rpc/server/server.ts";
import type { Settings } from "./settings.ts";
import { type Cache, memoryCache } from "./storage/cache.ts";
import { isUnavailable } from "./storage/errors.ts";

/** What calls in flight get when their connection is old enough. */
const AGED_CONNECTION_GRACE_MS = 30_000;
const CACHE_ENTRIES = 10_000;
/** Behind a proxy many callers share a connection, so one caller's resets must not end it. The proxy knows who resets too much. */
const BEHIND_PROXY = { resetBurst: Infinity };
/** A burst of requests delays everybody else, so strangers may have few at once: the number is Envoy's recommendation for edges. */
const FOR_STRANGERS = { maxConcurrentStreams: 100 };
/** The only baggage that is accepted from strangers. The mesh sends calls that carry it to the canary version of a role. */
const PUBLIC_BAGGAGE = ["canary"];

export type App = {
  readonly port: number;
  /** Takes no more calls, waits for those in flight (at most drainTimeoutMs), and closes what the role holds. */
  stop(): Promise<void>;
};

/** Starts the role that the settings name. Resolves when it serves; rejects, with nothing left open, if it cannot. */
export async function startApp(settings: Settings, logger: Logger): Promise<App> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await start();
  } catch (error) {
    await close();
    throw error;
  }

  async function start(): Promise<App> {
    const role = roles.find(({ name }) => name === settings.role);
    if (role === undefined) throw new Error(`there is no role "${settings.role}"`);
    const parts = await startRole(role);
    closers.push(() => parts.close());
    const strangers = isPublic(role);
    const own = parts.services.map((s) => s.desc);
    const health = createHealth(own);
    const services = [...parts.services, health.service, ...reflectionServices([...own, health.service.desc])];
    const told = {
      logger,
      serviceName: settings.telemetry.serviceName,
      traceResponse: strangers,
      trustProxy: settings.trustProxy,
      ...(strangers && !settings.trustProxy && { strangers: { baggage: PUBLIC_BAGGAGE } }),
    };
    const interceptors = serverInterceptors({ ...told, services: own, outcomes, isUnavailable });
    let serving = true;
    const publicHttp = () =>
      createRestHandler({
        services: parts.services,
        interceptors,
        cors: { origins: settings.corsOrigins },
        health: () => serving,
        maxRequestBytes,
        openApi: { title: "tracemesh shop", version: settings.telemetry.serviceVersion },
      });
    const server = createRpcServer({
      services,
      interceptors,
      http: strangers ? publicHttp() : undefined,
      maxRequestBytes,
      observeBareRequest: bareTelemetry(told),
      limits: settings.trustProxy ? BEHIND_PROXY : strangers ? FOR_STRANGERS : undefined,
      maxConnectionAge: { ageMs: settings.connectionAgeMs, graceMs: AGED_CONNECTION_GRACE_MS },
      onError: (error) => logger.error("unexpected error", { error }),
    });
    const port = await server.listen(settings.port, settings.host);
    return {
      port,
      async stop() {
        serving = false;
        health.shutdown();
        // Both at once: a role's stop may wait for a store that hangs, and no new calls may come in meanwhile.
        await Promise.all([parts.stop?.(), server.drain(settings.drainTimeoutMs)]);
        await close();
      },
    };
  }

  async function startRole(role: Role): Promise<RoleParts> {
    const clients = Object.entries(role.peers).map(async ([name, service]) => [name, await peer(service)]);
    const peers: Record<string, unknown> = Object.fromEntries(await Promise.all(clients));
    return await role.start({ peers, stores: await storesOf(role), settings: settings.own, logger });
  }

  async function storesOf({ name, stores }: Role): Promise<Partial<Stores>> {
    const { databaseUrl: url, dataDir, poolMax } = settings.storage;
    return {
      ...(stores.includes("database") && {
        database: { role: name, url, file: join(dataDir, `${name}.db`), poolMax },
      }),
      ...(stores.includes("cache") && { cache: await openCache(name) }),
    };
  }

  async function openCache(role: string): Promise<Cache> {
    const { redisUrl: url } = settings.storage;
    if (url === undefined) return memoryCache({ maxEntries: CACHE_ENTRIES });
    const { redisCache } = await import("./storage/redis-cache.ts");
    const cache = await redisCache({ url, prefix: `${role}:`, logger });
    closers.push(() => cache.close());
    return cache;
  }

  async function peer<T extends DescService>(service: T) {
    const url = settings.peers.urls[service.typeName] ?? "";
    const { client, close: closePeer } = await createPeer(service, {
      url,
      userAgent: settings.telemetry.serviceName,
      interceptors: clientInterceptors({ peer: url }),
      policy: policyOf(service),
      retries: settings.peers.retries,
    });
    closers.push(closePeer);
    return client;
  }
}
