/** Streams that lived this long were no burst of resets. */
const RAPID_MS = 1000;
/** A client's deadline ends a call at the client first, since it began before the call came here. Shorter ones prove nothing. */
const MIN_DEADLINE_MS = 10;
const DEADLINE_SHARE = 0.5;

/**
 * Counts the streams of a connection that its client opened and reset, for which a server works without an end, however few streams may be
 * open at once ("rapid reset", CVE-2023-44487). Every answered call gives one back, and so does time. Streams that lived for a second, and
 * calls whose deadline was about over, do not count: a busy client whose calls time out is honest.
 */
export class ResetAllowance {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at: number;

  /** At most `burst` at once, and `perSecond` more with time. */
  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#left = burst;
    this.#at = now;
  }

  /** A call was answered. */
  answered(): void {
    if (this.#left < this.#burst) this.#left++;
  }

  /** A stream was reset by the client after it lived for so long; false if that was one too many. `deadlineMs` is what its client gave it. */
  reset(now: number, livedMs: number, deadlineMs?: number): boolean {
    if (livedMs >= RAPID_MS) return true;
    if (deadlineMs !== undefined && deadlineMs >= MIN_DEADLINE_MS && livedMs >= deadlineMs * DEADLINE_SHARE)
      return true;
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    this.#left--;
    return this.#left >= 0;
  }
}
