export type RetryThrottling = { readonly maxTokens: number; readonly tokenRatio: number };

/** Stops retries while many calls fail, so that they do not bury a server that is overloaded. */
export class RetryThrottle {
  readonly #max: number;
  readonly #ratio: number;
  #tokens: number;

  constructor({ maxTokens, tokenRatio }: RetryThrottling) {
    this.#max = maxTokens;
    this.#ratio = tokenRatio;
    this.#tokens = maxTokens;
  }

  succeeded(): void {
    this.#tokens = Math.min(this.#tokens + this.#ratio, this.#max);
  }

  /** Whether a call that has failed in this way may be tried again. */
  failed(): boolean {
    this.#tokens = Math.max(this.#tokens - 1, 0);
    return this.#tokens > this.#max / 2;
  }
}
