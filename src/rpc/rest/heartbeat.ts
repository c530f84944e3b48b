/** Proxies close what is silent for a minute or less, and who is gone shows only when something is sent. */
const PERIOD_MS = 15_000;

/** Calls each of its members now and then, by one timer for all. */
export class Heartbeat {
  readonly #members = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  add(beat: () => void): void {
    this.#members.add(beat);
    this.#timer ??= setInterval(() => {
      for (const member of this.#members) member();
    }, PERIOD_MS).unref();
  }

  remove(beat: () => void): void {
    if (!this.#members.delete(beat) || this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
