// Puts a role together: its stores and peers, its services, and the server in front of them.
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { DescService } from "@bufbuild/protobuf";
import type { Logger } from "winston";
import { consoleBy } from "./console.ts";
import { isPublic, maxRequestBytes, policyOf, timeoutMs } from "./contract.ts";
import { admissionBy, bearersBy, callersBy, credentialsBy, rateLimitBy, strangersBy } from "./guards.ts";
import type { Role, RoleParts, Stores } from "./role.ts";
import { outcomes, roles } from "./roles.ts";
import { createPeer } from "./rpc/client/peer.ts";
import { trafficService } from "./rpc/console/traffic-service.ts";
import { faultsOf } from "./rpc/faults/faults.ts";
import { bareTelemetry } from "./rpc/interceptors/bare-telemetry.ts";
import { clientInterceptors } from "./rpc/interceptors/client.ts";
import { serverInterceptors } from "./rpc/interceptors/server.ts";
import { createRestHandler } from "./rpc/rest/rest-handler.ts";
import { createHealth } from "./rpc/server/health.ts";
import type { HttpHandler } from "./rpc/server/http-handler.ts";
import { reflectionServices } from "./rpc/server/reflection.ts";
import { createRpcServer } from "./rpc/server/server.ts";
import type { Service } from "./rpc/service.ts";
import type { CredentialSource } from "./rpc/tls/credentials.ts";
import type { Settings } from "./settings.ts";
import { type Stoppable, stopInTime } from "./stopping.ts";
import { Availability } from "./storage/availability.ts";
import { type Cache, memoryCache } from "./storage/cache.ts";
import { isUnavailable } from "./storage/errors.ts";

/** What stores and clients get to close after the drain, even if that has taken all of its time. */
const CLOSE_MS = 1000;
/** Pauses between attempts to start while the database is away. */
const START_PAUSE_MS = { first: 250, longest: 5000 };
/** What calls in flight get when their connection is old enough. */
const AGED_CONNECTION_GRACE_MS = 30_000;
const CACHE_ENTRIES = 10_000;
/** Behind a proxy many callers share a connection, so one caller's resets must not end it. The proxy knows who resets too much. */
const BEHIND_PROXY = { resetBurst: Infinity };
/** A burst of requests delays everybody else, so strangers may have few at once: the number is Envoy's recommendation for edges. */
const FOR_STRANGERS = { maxConcurrentStreams: 100 };

export type App = {
  readonly port: number;
  /**
   * Takes no more calls, waits for those in flight, and closes what the role holds: in drainTimeoutMs and a second, whatever hangs.
   * `hurry`: does not wait for what clients may still send on connections that are idle.
   */
  stop(hurry?: boolean): Promise<void>;
};

/** The first handler gets a request first. */
const inTurn = (first: HttpHandler | undefined, second: HttpHandler): HttpHandler =>
  first === undefined ? second : (req, res) => first(req, res) || second(req, res);

/** Starts the role that the settings name. Resolves when it serves; rejects, with nothing left open, if it cannot. */
export async function startApp(settings: Settings, logger: Logger): Promise<App> {
  const closers: Stoppable[] = [];
  const close = async () => {
    const until = performance.now() + CLOSE_MS;
    for (const closer of closers.splice(0).reverse()) await stopInTime(closer, until, logger);
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
    const credentials = credentialsBy(settings, logger);
    if (credentials) closers.push({ name: "the watch of the certificate", stop: async () => credentials.close() });
    const parts = await startRole(role, credentials);
    closers.push({ name: `the role ${role.name}`, stop: () => parts.close() });
    const strangers = isPublic(role);
    const faults = faultsOf({ ...settings.faults, logger });
    const served = faults?.breakable(parts.services) ?? parts.services;
    const own = served.map((s) => s.desc);
    const health = createHealth(own);
    const consoles = strangers
      ? await consoleBy(settings, credentials, () => services.map(({ desc }) => desc))
      : undefined;
    if (consoles) closers.push({ name: "the clients of the console", stop: async () => consoles.close() });
    const beside = [
      health.service,
      ...(faults?.services ?? []),
      ...(settings.console === undefined ? [] : [trafficService()]),
      ...(consoles === undefined ? [] : [consoles.service]),
    ];
    const services: Service[] = [...served, ...beside, ...reflectionServices([...own, ...beside.map((s) => s.desc)])];
    const told = {
      logger,
      serviceName: settings.telemetry.serviceName,
      traceResponse: strangers,
      trustProxy: settings.trustProxy,
      ...(strangers && !settings.trustProxy && { strangers: strangersBy(settings) }),
    };
    const rateLimits = strangers ? await rateLimitBy(settings, logger) : undefined;
    if (rateLimits) closers.push({ name: "the counts of callers", stop: rateLimits.close });
    const bearers = strangers ? await bearersBy(settings) : undefined;
    if (bearers) closers.push({ name: "the verifier of tokens", stop: async () => bearers.close() });
    const interceptors = serverInterceptors({
      ...told,
      services: own,
      outcomes,
      callersOf: callersBy(settings),
      rateLimit: rateLimits,
      bearers,
      isUnavailable,
    });
    const admission = admissionBy(settings, strangers ? "edge" : "inner", logger);
    let serving = true;
    await watchDatabase(role, (available) => {
      for (const name of ["", ...own.map(({ typeName }) => typeName)]) health.set(name, available);
    });
    const rest = () =>
      createRestHandler({
        services: served,
        interceptors,
        cors: { origins: settings.corsOrigins },
        health: () => serving,
        maxRequestBytes,
        admission,
        pages: parts.pages,
        openApi: {
          title: "tracemesh shop",
          version: settings.telemetry.serviceVersion,
          needsToken: bearers?.isAsked,
        },
      });
    const server = createRpcServer({
      services,
      tls: credentials,
      interceptors,
      http: strangers ? inTurn(consoles?.relay.handle, rest()) : undefined,
      maxRequestBytes,
      defaultTimeoutMs: timeoutMs,
      admission,
      observeBareRequest: bareTelemetry(told),
      limits: {
        maxHeldBytes: settings.maxHeldMib * 2 ** 20,
        ...(settings.trustProxy ? BEHIND_PROXY : strangers ? FOR_STRANGERS : {}),
      },
      maxConnectionAge: { ageMs: settings.connectionAgeMs, graceMs: AGED_CONNECTION_GRACE_MS },
      onError: (error) => logger.error("unexpected error", { error }),
    });
    const port = await server.listen(settings.port, settings.host);
    return {
      port,
      async stop(hurry = false) {
        const { drainTimeoutMs } = settings;
        serving = false;
        health.shutdown();
        faults?.mend();
        consoles?.relay.stop();
        // Both at once: a role's stop may wait for a store that hangs, and no new calls may come in meanwhile.
        const work = { name: `the work of the role ${role.name}`, stop: () => parts.stop?.() };
        const until = performance.now() + drainTimeoutMs;
        const drained = server.drain(drainTimeoutMs, hurry ? 0 : settings.drainIdleMs);
        await Promise.all([stopInTime(work, until, logger), drained]);
        await close();
      },
    };
  }

  /** Says when the database is away for long, and when it is back. Its users find out by themselves, but who sends calls here does not. */
  async function watchDatabase(role: Role, onChange: (available: boolean) => void): Promise<void> {
    const url = settings.storage.databaseUrl;
    if (url === undefined || !role.stores.includes("database")) return;
    const { postgresProbe } = await import("./storage/postgres-probe.ts");
    const { probe, close } = postgresProbe(url, `${role.name}-health`);
    const availability = new Availability({
      probe,
      onChange(available, error) {
        if (available) logger.info("the database is back");
        else logger.error("the database is away, and calls should go elsewhere", { error });
        onChange(available);
      },
    });
    closers.push({
      name: "the watch of the database",
      async stop() {
        availability.stop();
        await close();
      },
    });
  }

  async function startRole(role: Role, credentials: CredentialSource | undefined): Promise<RoleParts> {
    const clients = Object.entries(role.peers).map(async ([name, service]) => [name, await peer(service, credentials)]);
    const peers: Record<string, unknown> = Object.fromEntries(await Promise.all(clients));
    const context = { peers, stores: await storesOf(role), settings: settings.own, logger };
    return await startWhenPossible(() => role.start(context));
  }

  /** A database on the network may come up later than its roles, after a failover or a power cut. */
  async function startWhenPossible(start: () => RoleParts | Promise<RoleParts>): Promise<RoleParts> {
    const until = performance.now() + settings.startTimeoutMs;
    for (let pauseMs = START_PAUSE_MS.first; ; pauseMs = Math.min(2 * pauseMs, START_PAUSE_MS.longest)) {
      try {
        return await start();
      } catch (error) {
        const isAway = settings.storage.databaseUrl !== undefined && isUnavailable(error);
        if (!isAway || performance.now() + pauseMs > until) throw error;
        logger.warn(`${settings.role} waits for its database`, { error });
        await setTimeout(pauseMs);
      }
    }
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
    closers.push({ name: "the cache", stop: () => cache.close() });
    return cache;
  }

  async function peer<T extends DescService>(service: T, credentials: CredentialSource | undefined) {
    const url = settings.peers.urls[service.typeName] ?? "";
    const { client, close: closePeer } = await createPeer(service, {
      url,
      credentials,
      account: policyOf(service).workload,
      userAgent: settings.telemetry.serviceName,
      interceptors: clientInterceptors({ peer: url, outcomes }),
      policy: policyOf(service),
      retries: settings.peers.retries,
    });
    closers.push({ name: `the client of ${service.typeName}`, stop: closePeer });
    return client;
  }
}
