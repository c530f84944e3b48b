export type AvailabilityOptions = {
  /** Rejects if the store is away. It takes no longer than some seconds. */
  readonly probe: () => Promise<unknown>;
  /** Called at each change, with why the store is away. It is taken to be there at first. */
  readonly onChange: (available: boolean, error?: unknown) => void;
  /** So long nothing must have succeeded, in milliseconds, for the store to be away. Default: 10,000 */
  readonly awayMs?: number;
  /** So long everything must have succeeded for it to be back. Default: 3000, and twice as long, up to a minute, each time that it soon goes again */
  readonly steadyMs?: number;
  /** Pauses between probes while it is there. Default: 5000 */
  readonly calmMs?: number;
  /** The same while it fails or is away. Default: 1000 */
  readonly doubtMs?: number;
};

const MAX_STEADY_MS = 60_000;

/** Watches whether a store is there, in no hurry: what flaps each second changes nothing, and what comes and goes must prove itself longer. */
export class Availability {
  readonly #options: Required<AvailabilityOptions>;
  #available = true;
  #failingSince: number | undefined;
  #steadySince: number | undefined;
  #backAt = Number.NEGATIVE_INFINITY;
  #steadyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: AvailabilityOptions) {
    this.#options = { awayMs: 10_000, steadyMs: 3_000, calmMs: 5_000, doubtMs: 1_000, ...options };
    this.#steadyMs = this.#options.steadyMs;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped) return;
    const { calmMs, doubtMs } = this.#options;
    const isCalm = this.#available && this.#failingSince === undefined;
    this.#timer = setTimeout(() => this.#probe(), isCalm ? calmMs : doubtMs).unref();
  }

  async #probe(): Promise<void> {
    try {
      await this.#options.probe();
      this.#succeeded(performance.now());
    } catch (error) {
      this.#failed(performance.now(), error);
    }
    this.#schedule();
  }

  #succeeded(now: number): void {
    this.#failingSince = undefined;
    if (this.#available || this.#stopped) return;
    this.#steadySince ??= now;
    if (now - this.#steadySince < this.#steadyMs) return;
    this.#available = true;
    this.#backAt = now;
    this.#options.onChange(true);
  }

  #failed(now: number, error: unknown): void {
    this.#steadySince = undefined;
    this.#failingSince ??= now;
    if (!this.#available || this.#stopped || now - this.#failingSince < this.#options.awayMs) return;
    const soonAgain = now - this.#backAt < MAX_STEADY_MS;
    this.#steadyMs = soonAgain ? Math.min(2 * this.#steadyMs, MAX_STEADY_MS) : this.#options.steadyMs;
    this.#available = false;
    this.#options.onChange(false, error);
  }
}
