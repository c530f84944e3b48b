/** Pauses that grow with each failure: by 1.6, give or take a fifth, so that not all clients of a server come back at once. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  /** The next pause in milliseconds. */
  next(): number {
    const pause = Math.min(this.#nextMs, this.#maxMs) * (0.8 + Math.random() * 0.4);
    this.#nextMs *= 1.6;
    return pause;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
