import type { Code } from "@connectrpc/connect";
import { Backoff } from "../backoff.ts";
import type { RetryPolicy } from "../method-settings.ts";
import type { RetryThrottle } from "./retry-throttle.ts";

/** When to try one call again. */
export class Retries {
  readonly #policy: RetryPolicy;
  readonly #throttle: RetryThrottle | undefined;
  readonly #backoff: Backoff;
  #attempts = 1;

  constructor(policy: RetryPolicy, throttle: RetryThrottle | undefined) {
    this.#policy = policy;
    this.#throttle = throttle;
    this.#backoff = new Backoff(policy.initialBackoffMs, policy.maxBackoffMs, policy.backoffMultiplier);
  }

  /** Takes the next attempt for one that was given up because its server hangs; false: there is none. Hardly an overload, so it is not throttled. */
  move(code: Code): boolean {
    const { maxAttempts, codes } = this.#policy;
    if (!codes.has(code) || this.#attempts >= maxAttempts) return false;
    this.#attempts++;
    return true;
  }

  /**
   * The pause before the next attempt, in milliseconds, after one has failed. Undefined: there is to be none. `pushback` is what the server
   * says in grpc-retry-pushback-ms: milliseconds; anything else means never.
   */
  pauseAfter(code: Code, pushback: string | undefined): number | undefined {
    const { maxAttempts, codes } = this.#policy;
    const never = pushback !== undefined && !/^\d{1,9}$/.test(pushback);
    if (!codes.has(code) && !never) return undefined;
    const allowed = this.#throttle?.failed() ?? true;
    if (!allowed || never || this.#attempts >= maxAttempts) return undefined;
    this.#attempts++;
    if (pushback === undefined) return this.#backoff.next();
    this.#backoff.reset();
    return Number(pushback);
  }
}
