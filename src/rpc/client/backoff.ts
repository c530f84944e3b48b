/** A fifth more or less, so that not all clients of a server come back at once. */
const JITTER = 0.2;

/** Pauses that grow with each failure. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #multiplier: number;
  #nextMs: number;

  constructor(firstMs: number, maxMs: number, multiplier = 1.6) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#multiplier = multiplier;
    this.#nextMs = firstMs;
  }

  /** The next pause in milliseconds. */
  next(): number {
    const pause = Math.min(this.#nextMs, this.#maxMs) * (1 - JITTER + Math.random() * 2 * JITTER);
    this.#nextMs *= this.#multiplier;
    return pause;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
