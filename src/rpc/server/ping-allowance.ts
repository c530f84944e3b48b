/** Enough for the answer to a ping and one or two window updates. More than that means that a call was answered. */
const CHATTER_BYTES = 64;

/** What a connection has done so far. */
export type Progress = { /** Number of its streams. */ readonly activity: number; readonly bytesSent: number };

/** How often a client may ping. As in other gRPC servers, pings after an answer are free: clients use them to measure bandwidth. */
export class PingAllowance {
  readonly #minIntervalMs: number;
  readonly #maxStrikes: number;
  #last: Progress = { activity: 0, bytesSent: 0 };
  #at = 0;
  #strikes = 0;

  constructor(minIntervalMs: number, maxStrikes: number) {
    this.#minIntervalMs = minIntervalMs;
    this.#maxStrikes = maxStrikes;
  }

  /** A ping came, at a time of performance.now(). False if it is one too many. */
  take(now: number, progress: Progress): boolean {
    const { activity, bytesSent } = this.#last;
    if (progress.activity !== activity || progress.bytesSent - bytesSent > CHATTER_BYTES) this.#strikes = 0;
    else if (now - this.#at < this.#minIntervalMs) this.#strikes++;
    this.#last = progress;
    this.#at = now;
    return this.#strikes <= this.#maxStrikes;
  }
}
