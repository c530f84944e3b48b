/** What became of the requests of a kind. */
export type Found = {
  /** How many had each outcome: a status of HTTP, "good" or "refused" of gRPC, "cut" if the connection was. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Good answers in each second, by when they came. */
  readonly perSecond: readonly number[];
  /** Of good answers, in milliseconds since each request was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const isGood = (outcome: string): boolean => outcome === "good" || /^2\d\d$/.test(outcome);

export class Tally {
  readonly #begunAt: number;
  readonly #outcomes: Record<string, number> = {};
  readonly #perSecond: number[];
  readonly #latenciesMs: number[] = [];

  constructor(begunAt: number, seconds: number) {
    this.#begunAt = begunAt;
    this.#perSecond = new Array(Math.ceil(seconds)).fill(0);
  }

  add(outcome: string, due: number): void {
    const now = performance.now();
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    if (!isGood(outcome)) return;
    this.#latenciesMs.push(now - due);
    const second = Math.floor((now - this.#begunAt) / 1000);
    if (second < this.#perSecond.length) this.#perSecond[second]!++;
  }

  found(): Found {
    this.#latenciesMs.sort((a, b) => a - b);
    const at = (share: number) => this.#latenciesMs[Math.floor(share * this.#latenciesMs.length)] ?? 0;
    return { outcomes: this.#outcomes, perSecond: this.#perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
