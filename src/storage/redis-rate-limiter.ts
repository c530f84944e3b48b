// Counts for rate limits in Redis, which all replicas share.
import { RateLimiterRedis, type RateLimiterRes } from "rate-limiter-flexible";
import type { OutageLogger } from "./redis-cache.ts";
import { inTime, openRedis, RedisTimeout } from "./redis-client.ts";

export type RedisRateLimiterOptions = {
  /** A redis:// or rediss:// URL. */
  readonly url: string;
  /** Put before each key. */
  readonly prefix: string;
  /** So many points in so many seconds. */
  readonly points: number;
  readonly duration: number;
  readonly logger: OutageLogger;
  /** Longest wait for Redis, in milliseconds. Default: 100 */
  readonly timeoutMs?: number;
};

export type RedisRateLimiter = {
  /** As the library's: rejects with a RateLimiterRes if nothing is left, with an Error if Redis cannot be asked in time. */
  consume(key: string): Promise<RateLimiterRes>;
  close(): Promise<void>;
};

export function redisRateLimiter(options: RedisRateLimiterOptions): RedisRateLimiter {
  const { url, prefix, points, duration, logger, timeoutMs = 100 } = options;
  const { client, close, pause, isPaused } = openRedis(url);
  const { host } = new URL(url); // never the password
  let isAway = false;
  client.on("error", (error: Error) => {
    if (!isAway) logger.warn("counts of callers are not shared now", { server: host, error: String(error) });
    isAway = true;
  });
  client.on("ready", () => {
    if (isAway) logger.info("counts of callers are shared again", { server: host });
    isAway = false;
  });
  const limiter = new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    rejectIfRedisNotReady: true,
    keyPrefix: prefix,
    points,
    duration,
  });
  return {
    async consume(key) {
      if (isPaused()) throw new RedisTimeout("it did not answer a moment ago");
      try {
        return await inTime(limiter.consume(key), timeoutMs);
      } catch (error) {
        if (error instanceof RedisTimeout) pause();
        throw error;
      }
    },
    close,
  };
}
