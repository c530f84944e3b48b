/** Streams that lived this long are not part of a burst. */
const RAPID_MS = 1000;
/** Timeouts shorter than this prove nothing. */
const MIN_DEADLINE_MS = 10;
/** The client's clock started earlier than ours, so that its deadline passes there first. */
const DEADLINE_SHARE = 0.5;

/**
 * Limits how many streams a client may open and reset ("rapid reset", CVE-2023-44487): they keep a server busy however few may be open at a
 * time. Each answered call adds one to the allowance, and so does time. Streams that lived for a second, and calls whose deadline had
 * nearly passed, do not count, for the calls of an honest client may time out.
 */
export class ResetAllowance {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at: number;

  /** Allows `burst` at once, and `perSecond` more each second. */
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

  /** Counts a stream that the client reset after `livedMs`; false if it was one too many. `deadlineMs` is the timeout that the client had set. */
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
