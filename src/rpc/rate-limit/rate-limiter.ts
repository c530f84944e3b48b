// How often each client may call, counted by rate-limiter-flexible.
import { randomInt } from "node:crypto";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** So many calls in so much time, from a client's first call on. */
export type Rate = { readonly limit: number; readonly seconds: number };

/** What is left to a client after a call, if that was allowed. */
export type Allowance = { readonly isAllowed: boolean; readonly remaining: number; readonly resetMs: number };

export type RateLimiter = { readonly rate: Rate; take(client: string): Promise<Allowance> };

/** Clients share these, so that no number of clients takes more memory. */
const BUCKETS = 2 ** 16;

/** Counts in this process. */
export function memoryRateLimiter(rate: Rate): RateLimiter {
  const seed = randomInt(2 ** 31); // so that nobody can choose with whom he shares one
  return rateLimiterBy(new RateLimiterMemory(pointsOf(rate)), rate, (client) => String(hashOf(client, seed) % BUCKETS));
}

export const pointsOf = ({ limit, seconds }: Rate): { points: number; duration: number } => ({
  points: limit,
  duration: seconds,
});

/** Counts by the first, and by the second whenever that cannot. */
export function withFallback(first: RateLimiter, second: RateLimiter): RateLimiter {
  return { rate: first.rate, take: (client) => first.take(client).catch(() => second.take(client)) };
}

/** Counts by any store of the library, under the key of a client. Rejects as that does. */
export function rateLimiterBy(
  limiter: Pick<RateLimiterAbstract, "consume">,
  rate: Rate,
  keyOf: (client: string) => string = String,
): RateLimiter {
  return {
    rate,
    async take(client) {
      try {
        return allowance(await limiter.consume(keyOf(client)), true);
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return allowance(refused, false);
        throw refused;
      }
    },
  };
}

const allowance = ({ remainingPoints, msBeforeNext }: RateLimiterRes, isAllowed: boolean): Allowance => ({
  isAllowed,
  remaining: remainingPoints,
  resetMs: Math.max(0, msBeforeNext),
});

/** FNV-1a. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string, seed: number): number {
  let hash = 2_166_136_261 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619);
  return hash >>> 0;
}
