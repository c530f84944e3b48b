import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.js";
import { answerHeader } from "../answer-header.ts";
import { connectionInfo } from "../connection-info.ts";
import { clientName } from "../rate-limit/client-name.ts";
import type { RateLimiter } from "../rate-limit/rate-limiter.ts";

export type RateLimitOptions = {
  readonly limiter: RateLimiter;
  /** Whether a proxy in front is trusted to tell who calls. */
  readonly trustProxy: boolean;
  /** Whether calls of a method are counted. */
  readonly isCounted: (method: DescMethod) => boolean;
};

/**
 * Refuses the calls of clients that call too often, with RESOURCE_EXHAUSTED, RetryInfo and `retry-after`. Every answer tells what is left,
 * in `ratelimit-limit`, `ratelimit-remaining`, `ratelimit-reset` (in seconds) and `ratelimit-policy`.
 * https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06
 */
export function rateLimit({ limiter, trustProxy, isCounted }: RateLimitOptions): Interceptor {
  const { limit, seconds } = limiter.rate;
  return (next) => async (request) => {
    if (!isCounted(request.method)) return await next(request);
    const { contextValues, header } = request;
    const forwardedFor = trustProxy ? header.get("x-forwarded-for") : null;
    const client = clientName(contextValues.get(connectionInfo)?.peerAddress, forwardedFor);
    const { isAllowed, remaining, resetMs } = await limiter.take(client);
    const resetSeconds = Math.ceil(resetMs / 1000);
    const set = contextValues.get(answerHeader);
    set?.("ratelimit-limit", String(limit));
    set?.("ratelimit-remaining", String(remaining));
    set?.("ratelimit-reset", String(resetSeconds));
    set?.("ratelimit-policy", `${limit};w=${seconds}`);
    if (isAllowed) return await next(request);
    throw tooMany(limiter, resetSeconds);
  };
}

function tooMany({ rate: { limit, seconds } }: RateLimiter, resetSeconds: number): ConnectError {
  const retryDelay = { seconds: BigInt(resetSeconds) };
  return new ConnectError(
    `more than ${limit} calls in ${seconds} s: call again in ${resetSeconds} s`,
    Code.ResourceExhausted,
    { "retry-after": String(resetSeconds) },
    [{ desc: RetryInfoSchema, value: { retryDelay } }],
  );
}
