// Puts a role together: its stores and peers, its services, and the server in front of them.
import { join } from "node:path";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Logger } from "winston";
import { policies } from "../gen/mesh/policies.js";
import { OrderService } from "../gen/shop/order/v1/order_service_pb.js";
import { PaymentService } from "../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../gen/shop/user/v1/user_service_pb.js";
import { gatewayRole } from "./gateway/role.ts";
import { orderRole } from "./order/role.ts";
import { paymentRole } from "./payment/role.ts";
import type { DatabasePlace, RoleParts } from "./role.ts";
import { createPeer } from "./rpc/client/peer.ts";
import { clientInterceptors } from "./rpc/interceptors/client.ts";
import { serverInterceptors } from "./rpc/interceptors/server.ts";
import { createRestHandler } from "./rpc/rest/rest-handler.ts";
import { createHealth } from "./rpc/server/health.ts";
import { reflectionServices } from "./rpc/server/reflection.ts";
import { createRpcServer } from "./rpc/server/server.ts";
import type { Settings } from "./settings.ts";
import { type Cache, memoryCache } from "./storage/cache.ts";
import { isUnavailable } from "./storage/errors.ts";
import { userRole } from "./user/role.ts";

/** grpc clients look a name up anew when a connection ends, so connections must end now and then. */
const CONNECTION_AGE = { ageMs: 5 * 60_000, graceMs: 30_000 };
const CACHE_ENTRIES = 10_000;
/** Behind a proxy many callers share a connection, and nobody shall end it for all; the proxy knows who resets too much. */
const BEHIND_PROXY = { resetBurst: Infinity };
/** A burst of requests holds up all others, so nobody may have many at once: as many as Envoy's guidance for edges says. */
const FOR_STRANGERS = { maxConcurrentStreams: 100 };
/** The baggage of strangers that the shop knows what to do with: the mesh sends such calls to the second version of a role. */
const PUBLIC_BAGGAGE = ["canary"];
/** Health and reflection, which no contract of ours describes, are asked by name. */
const PROBE_MAX_BYTES = 4096;

const maxRequestBytes = ({ parent, name }: DescMethod): number =>
  policies[parent.typeName]?.methods[`/${parent.typeName}/${name}`]?.maxRequestBytes ?? PROBE_MAX_BYTES;

export type App = {
  readonly port: number;
  /** Takes no more calls, waits for those in flight (at most drainTimeoutMs), and closes what the role holds. */
  stop(): Promise<void>;
};

/** Starts the role of the settings. Resolves when it serves; rejects, with nothing left open, if it cannot. */
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
    const parts = await rolePartsOf(settings);
    closers.push(() => parts.close());
    const isPublic = settings.role === "gateway";
    const own = parts.services.map((s) => s.desc);
    const health = createHealth(own);
    const services = [...parts.services, health.service, ...reflectionServices([...own, health.service.desc])];
    const interceptors = serverInterceptors({
      logger,
      serviceName: settings.telemetry.serviceName,
      traceResponse: isPublic,
      services: own,
      isUnavailable,
      ...(isPublic && !settings.trustProxy && { strangers: { baggage: PUBLIC_BAGGAGE } }),
    });
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
      http: isPublic ? publicHttp() : undefined,
      maxRequestBytes,
      limits: settings.trustProxy ? BEHIND_PROXY : isPublic ? FOR_STRANGERS : undefined,
      maxConnectionAge: CONNECTION_AGE,
      onError: (error) => logger.error("unexpected error", { error }),
    });
    const port = await server.listen(settings.port, settings.host);
    return {
      port,
      async stop() {
        serving = false;
        health.shutdown();
        // Together: what a role has to end may wait for a store that hangs, and meanwhile no new calls must come.
        await Promise.all([parts.stop?.(), server.drain(settings.drainTimeoutMs)]);
        await close();
      },
    };
  }

  async function rolePartsOf({ role, storage, recoveryIntervalMs }: Settings): Promise<RoleParts> {
    switch (role) {
      case "gateway":
        return gatewayRole({
          users: await peer(UserService, settings.peers.user),
          orders: await peer(OrderService, settings.peers.order),
        });
      case "user":
        return userRole({ database: databasePlace(), cache: await cache(), demoUsers: storage.demoUsers });
      case "order":
        return orderRole({
          database: databasePlace(),
          users: await peer(UserService, settings.peers.user),
          payments: await peer(PaymentService, settings.peers.payment),
          logger,
          recoveryIntervalMs,
        });
      case "payment":
        return paymentRole(databasePlace());
    }
  }

  function databasePlace(): DatabasePlace {
    const { databaseUrl: url, dataDir, poolMax } = settings.storage;
    return { url, file: join(dataDir, `${settings.role}.db`), poolMax };
  }

  async function cache(): Promise<Cache> {
    const { redisUrl: url } = settings.storage;
    if (url === undefined) return memoryCache({ maxEntries: CACHE_ENTRIES });
    const { redisCache } = await import("./storage/redis-cache.ts");
    return redisCache({ url, prefix: `${settings.role}:`, logger });
  }

  async function peer<T extends DescService>(service: T, url: string) {
    const { client, close: closePeer } = await createPeer(service, {
      url,
      userAgent: settings.telemetry.serviceName,
      interceptors: clientInterceptors({ peer: url }),
      policy: policies[service.typeName],
      retries: settings.peers.retries,
    });
    closers.push(closePeer);
    return client;
  }
}
