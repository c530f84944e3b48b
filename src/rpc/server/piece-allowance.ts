const MOST = 1000;
/** Pieces of this size cost nothing. */
const FAIR_BYTES = 16;

/**
 * Counts the tiny pieces in which a client sends its messages ("data dribble", CVE-2019-9511): each costs as much as a large one. Larger
 * pieces, and those that complete a message, give back.
 */
export class PieceAllowance {
  #left = MOST;

  /** A piece came; false if that was one too many. */
  take(bytes: number, isWhole: boolean): boolean {
    this.#left = Math.min(MOST, this.#left + (isWhole ? 1 : bytes / FAIR_BYTES - 1));
    return this.#left >= 0;
  }
}
