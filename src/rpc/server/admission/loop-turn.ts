import { currentTurn, turnBegunAt } from "../turns.ts";

/** What is read later than this in a turn has waited longer than that: in the kernel, where nobody counts it. */
const LONG_MS = 20;
/** Calls of a turn that are not late in any case: a turn may also be long because others had the processor. */
const FEW = 32;
/** Refusing takes no more than this share of the time, or it would be in the way of serving. */
const REFUSING_SHARE = 0.15;
const WINDOW_MS = 100;

/**
 * How long the event loop has been at what it read in one go. Calls that are served without waiting for anything are never many at a time,
 * however many come: those that are too many show in nothing but long turns.
 */
export class LoopTurn {
  #turn = -1;
  #served = 0;
  #refusedAt = 0;
  #refusingMs = 0;
  #windowSince = 0;
  #pays = true;

  /** Whether a call that comes now is late. */
  get isLong(): boolean {
    return this.#turn === currentTurn() && this.#served >= FEW && performance.now() - turnBegunAt() > LONG_MS;
  }

  /** Whether to refuse calls for being late leaves enough time to serve others. Ask for each that could be. */
  get refusingPays(): boolean {
    const now = performance.now();
    if (now - this.#windowSince > WINDOW_MS) {
      this.#pays = this.#refusingMs < REFUSING_SHARE * (now - this.#windowSince);
      this.#windowSince = now;
      this.#refusingMs = 0;
    }
    return this.#pays;
  }

  /** A call begins. */
  noteServed(): void {
    const turn = currentTurn();
    this.#served = turn === this.#turn ? this.#served + 1 : 1;
    this.#turn = turn;
    this.#refusedAt = 0;
  }

  /** A call is refused. What lies between two of them in a turn is what the first one cost. */
  noteRefused(): void {
    const now = performance.now();
    if (this.#refusedAt > turnBegunAt()) this.#refusingMs += now - this.#refusedAt;
    this.#refusedAt = now;
  }
}
