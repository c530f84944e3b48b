export type ConcurrencyBounds = {
  readonly initial: number;
  readonly least: number;
  readonly most: number;
};

const BOUNDS: ConcurrencyBounds = { initial: 64, least: 8, most: 1000 };

/** A window is evaluated after so long, with so many calls; or with fewer after ten times as long. */
const WINDOW_MS = 100;
const WINDOW_CALLS = 10;
/** Calls may take so much longer than those of a server that is not busy. */
const TOLERANCE = 2;
/** The limit is at most halved by one window. */
const LEAST_GRADIENT = 0.5;
/** What is added to see whether there is more to be had: the square root of the limit, or this share of a large one. */
const ROOM = 0.2;
/** How far a window moves the limit to where it points. */
const STEP = 0.5;
/** A window tells about the limit only if so much of it was used. */
const USED_SHARE = 0.5;
/** After so many windows at the least limit, calls are not slow for being many: this is what they take now. */
const WINDOWS_AT_LEAST = 5;

/**
 * How many calls of a method may be under way, so that they take little longer than when there are few: a gradient of their mean duration, as
 * in Netflix's concurrency-limits and Envoy's adaptive concurrency. It grows while calls do not slow down, and shrinks when they do,
 * whatever makes them slow: this process, a database, or another server.
 */
export class ConcurrencyLimit {
  inFlight = 0;
  readonly #bounds: ConcurrencyBounds;
  #limit: number;
  /** The mean duration of calls when the server was least busy. */
  #baselineMs = Number.POSITIVE_INFINITY;
  #windowsAtLeast = 0;
  #since = 0;
  #calls = 0;
  #sumMs = 0;
  #mostInFlight = 0;

  constructor(bounds: Partial<ConcurrencyBounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
    this.#limit = this.#bounds.initial;
  }

  get value(): number {
    return this.#limit;
  }

  begin(): void {
    this.inFlight++;
    if (this.inFlight > this.#mostInFlight) this.#mostInFlight = this.inFlight;
  }

  /** A call has ended at `now`, by performance.now(). Undefined: its duration tells nothing. */
  end(durationMs: number | undefined, now: number): void {
    this.inFlight--;
    if (durationMs === undefined) return;
    this.#calls++;
    this.#sumMs += durationMs;
    const elapsed = now - this.#since;
    if (elapsed < WINDOW_MS || (this.#calls < WINDOW_CALLS && elapsed < 10 * WINDOW_MS)) return;
    this.#evaluate(this.#sumMs / this.#calls);
    this.#since = now;
    this.#calls = 0;
    this.#sumMs = 0;
    this.#mostInFlight = this.inFlight;
  }

  #evaluate(meanMs: number): void {
    const { least, most } = this.#bounds;
    this.#windowsAtLeast = this.#limit === least ? this.#windowsAtLeast + 1 : 0;
    if (meanMs < this.#baselineMs) this.#baselineMs = meanMs;
    else if (this.#windowsAtLeast >= WINDOWS_AT_LEAST) {
      // As if this were just tolerable: if more calls make it worse, the limit stays about here.
      this.#baselineMs = meanMs / TOLERANCE;
      this.#windowsAtLeast = 0;
    }
    if (this.#mostInFlight < this.#limit * USED_SHARE) return;
    const gradient = Math.min(1, Math.max(LEAST_GRADIENT, (TOLERANCE * this.#baselineMs) / meanMs));
    const room = Math.max(Math.sqrt(this.#limit), this.#limit * ROOM);
    const target = this.#limit * gradient + room;
    this.#limit = Math.min(most, Math.max(least, this.#limit + STEP * (target - this.#limit)));
  }
}
