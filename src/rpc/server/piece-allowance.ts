const MOST = 1000;
/** Pieces of this size or more cost nothing. */
const FAIR_BYTES = 16;

/**
 * Limits how many tiny pieces a client may send ("data dribble", CVE-2019-9511), since each costs the server as much as a large one. Larger
 * pieces, and pieces that complete a message, add to the allowance again.
 */
export class PieceAllowance {
  #left = MOST;

  /** Counts a piece; false if it was one too many. */
  take(bytes: number, isWhole: boolean): boolean {
    this.#left = Math.min(MOST, this.#left + (isWhole ? 1 : bytes / FAIR_BYTES - 1));
    return this.#left >= 0;
  }
}
