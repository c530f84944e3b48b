import { lookup } from "node:dns/promises";
import type { Location, SocketAddress } from "./socket-address.ts";

/** What a name means now; an Error if that cannot be found out. */
export type Resolved = (result: readonly SocketAddress[] | Error) => void;

/** So that new servers of a name get calls while no connection to the others fails. */
const INTERVAL_MS = 30_000;

/** Looks a name up: when it is told to, and at intervals from then on. What is no name is told once. */
export class Resolver {
  readonly #location: Location;
  readonly #minIntervalMs: number;
  readonly #onResolved: Resolved;
  #state: "idle" | "looking" | "closed" = "idle";
  #next: NodeJS.Timeout | undefined;
  #interval: NodeJS.Timeout | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(location: Location, minIntervalMs: number, onResolved: Resolved) {
    this.#location = location;
    this.#minIntervalMs = minIntervalMs;
    this.#onResolved = onResolved;
  }

  /** Looks up at once, or when the last time is long enough ago. False if nothing new will come of it. */
  refresh(): boolean {
    if (this.#closed()) return false;
    if ("addresses" in this.#location) {
      this.#state = "closed";
      this.#onResolved(this.#location.addresses);
      return false;
    }
    if (this.#state === "looking" || this.#next !== undefined) return true;
    const wait = this.#lookedAt + this.#minIntervalMs - performance.now();
    if (wait <= 0) this.#look(this.#location);
    else this.#next = setTimeout(() => this.#again(), wait); // a call may wait for it
    return true;
  }

  close(): void {
    this.#state = "closed";
    clearTimeout(this.#next);
    clearInterval(this.#interval);
  }

  #again(): void {
    this.#next = undefined;
    this.refresh();
  }

  async #look({ name, port }: { name: string; port: number }): Promise<void> {
    this.#state = "looking";
    this.#lookedAt = performance.now();
    this.#interval ??= setInterval(() => this.refresh(), INTERVAL_MS).unref();
    const result = await lookup(name, { all: true }).then(
      (found) => found.map(({ address }): SocketAddress => ({ host: address, port })),
      (error: Error) => error,
    );
    if (this.#closed()) return;
    this.#state = "idle";
    this.#onResolved(result);
  }

  #closed(): boolean {
    return this.#state === "closed";
  }
}
