import { canFollow, type Order } from "./order.ts";

/** What one watcher has not been told yet: the newest order, however slowly it takes it. */
export class OrderWatch {
  /** The newest that was offered. */
  latest: Order | undefined;
  #untold: Order | undefined;
  #wake: (() => void) | undefined;

  /** Takes an order unless it is older than what is known: what was read may come after what was published. */
  offer(order: Order): void {
    if (this.latest !== undefined && !canFollow(this.latest, order)) return;
    this.latest = order;
    this.#untold = order;
    this.stop();
  }

  /** Ends the wait for the next order. */
  stop(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** The newest order that was not told yet; undefined after stop(). */
  async next(): Promise<Order | undefined> {
    if (this.#untold === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const order = this.#untold;
    this.#untold = undefined;
    return order;
  }
}
