type OnOutcome = (outcome: string) => void;

/** Requests that cannot be sent yet. Whoever waits longer than its patience is "late", and not sent. */
export class WaitingLine {
  readonly #patienceMs: number;
  readonly #all: { readonly onOutcome: OnOutcome; readonly since: number }[] = [];
  #first = 0;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  add(onOutcome: OnOutcome): void {
    this.#all.push({ onOutcome, since: performance.now() });
  }

  /** The one that has waited longest, and what is left of its patience. */
  take(): { readonly onOutcome: OnOutcome; readonly leftMs: number } | undefined {
    for (let next = this.#all[this.#first]; next !== undefined; next = this.#all[this.#first]) {
      this.#first++;
      const leftMs = this.#patienceMs - (performance.now() - next.since);
      if (leftMs > 0) return { onOutcome: next.onOutcome, leftMs };
      next.onOutcome("late");
    }
    return undefined;
  }

  /** None of them will be sent any more. */
  end(outcome: string): void {
    for (const { onOutcome } of this.#all.splice(this.#first)) onOutcome(outcome);
  }
}
