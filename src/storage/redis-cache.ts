// A cache in Redis, shared by all replicas. While Redis is down there are misses, but neither errors nor long waits.
import { type Cache, INVALIDATION_MS } from "./cache.ts";
import { countLookups } from "./cache-metrics.ts";
import { operationTelemetry } from "./operation-telemetry.ts";
import { inTime, openRedis, RedisTimeout } from "./redis-client.ts";

export type OutageLogger = Record<"info" | "warn", (message: string, fields: Record<string, string>) => void>;

export type RedisCacheOptions = {
  /** A redis:// or rediss:// URL, whose path is the number of the database. */
  readonly url: string;
  /** Put before each key, such as "user:", so that roles can share a Redis. */
  readonly prefix: string;
  readonly logger: OutageLogger;
  /** Longest wait for Redis, in milliseconds. Default: 100 */
  readonly timeoutMs?: number;
};

/** Stands for a deleted key. */
const DELETED = "\0";

/** A Cache in Redis. Connects in the background, reconnects when the connection is lost, and logs one warning per outage. */
export function redisCache(options: RedisCacheOptions): Cache {
  const { url, prefix, logger, timeoutMs = 100 } = options;
  const { client, close, pause, isPaused } = openRedis(url);
  const record = operationTelemetry({ system: "redis", ...serverOf(url) });
  const count = countLookups("redis");
  const outage = outageLog(logger, url);

  client.on("error", (error: Error) => outage.failed("connect", error));
  client.on("ready", outage.over);

  /** The reply to a command; undefined if there is none in time. */
  async function attempt<T>(name: "GET" | "SET", command: () => Promise<T>): Promise<T | undefined> {
    if (!client.isReady) return undefined;
    const started = performance.now();
    let error: unknown;
    try {
      const reply = await inTime(command(), timeoutMs);
      outage.worked(name);
      return reply;
    } catch (caught) {
      error = caught;
      if (error instanceof RedisTimeout) pause();
      outage.failed(name, error);
      return undefined;
    } finally {
      record({ name, durationMs: performance.now() - started, error });
    }
  }

  return {
    async get(key) {
      const reply = isPaused() ? undefined : await attempt("GET", () => client.get(prefix + key));
      const found = reply === null || reply === DELETED ? undefined : reply;
      count(reply === undefined ? "unavailable" : found === undefined ? "miss" : "hit");
      return found;
    },
    async fill(key, value, ttlMs) {
      if (isPaused()) return;
      const expiration = { type: "PX", value: ttlMs } as const;
      await attempt("SET", () => client.set(prefix + key, value, { expiration, condition: "NX" }));
    },
    async delete(...keys) {
      // Even during a pause: a Redis that merely hangs will still execute it.
      const expiration = { type: "PX", value: INVALIDATION_MS } as const;
      await Promise.all(keys.map((key) => attempt("SET", () => client.set(prefix + key, DELETED, { expiration }))));
    },
    close,
  };
}

/** Logs when the first operation begins to fail, and when all of them work again. */
function outageLog(logger: OutageLogger, url: string) {
  const failing = new Set<string>();
  const { host } = new URL(url); // never the password

  function over(): void {
    if (failing.size === 0) return;
    failing.clear();
    logger.info("cache is back", { server: host });
  }

  return {
    over,
    failed(operation: string, error: unknown): void {
      if (failing.size === 0) logger.warn("cache is away, going on without", { server: host, error: String(error) });
      failing.add(operation);
    },
    worked(operation: string): void {
      if (failing.size === 0) return;
      if (failing.size === 1 && failing.has(operation)) over();
      else failing.delete(operation);
    },
  };
}

function serverOf(url: string): { namespace: string; address: string; port: number } {
  const { hostname, port, pathname } = new URL(url);
  return {
    namespace: pathname.slice(1) || "0",
    address: hostname || "localhost",
    port: port === "" ? 6379 : Number(port),
  };
}
