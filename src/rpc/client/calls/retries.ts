import type { Code } from "@connectrpc/connect";
import type { RetryPolicy } from "../method-settings.ts";
import type { RetryThrottle } from "./retry-throttle.ts";

/** Pauses differ by a fifth from one client to another, or all would come back at once. */
const JITTER = 0.2;

/** When to try one call again. */
export class Retries {
  readonly #policy: RetryPolicy;
  readonly #throttle: RetryThrottle | undefined;
  #attempts = 1;
  #backoffMs: number;

  constructor(policy: RetryPolicy, throttle: RetryThrottle | undefined) {
    this.#policy = policy;
    this.#throttle = throttle;
    this.#backoffMs = policy.initialBackoffMs;
  }

  /**
   * The pause before the next attempt, in milliseconds, after one has failed. Undefined: there is to be none. `pushback` is what the server
   * says in grpc-retry-pushback-ms.
   */
  pauseAfter(code: Code, pushback: string | undefined): number | undefined {
    const { maxAttempts, codes, initialBackoffMs, maxBackoffMs, backoffMultiplier } = this.#policy;
    const pushbackMs = pushback === undefined ? undefined : millisecondsOf(pushback);
    if (!codes.has(code) && pushbackMs !== NEVER) return undefined;
    const allowed = this.#throttle?.failed() ?? true;
    if (!allowed || !codes.has(code) || pushbackMs === NEVER || this.#attempts >= maxAttempts) return undefined;
    this.#attempts++;
    if (pushbackMs !== undefined) {
      this.#backoffMs = initialBackoffMs;
      return pushbackMs;
    }
    const pause = Math.min(this.#backoffMs, maxBackoffMs) * (1 - JITTER + Math.random() * 2 * JITTER);
    this.#backoffMs *= backoffMultiplier;
    return pause;
  }
}

const NEVER = -1;

function millisecondsOf(pushback: string): number {
  return /^\d{1,9}$/.test(pushback) ? Number(pushback) : NEVER;
}
