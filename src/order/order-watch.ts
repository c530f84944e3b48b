import { canFollow, type Order, type Version } from "./order.ts";

/** What one watcher has not been told yet: the newest order, however slowly it takes it. */
export class OrderWatch {
  /** Of the newest order that was offered. A watch may be idle for long, and the rest of an order is large. */
  latest: Version | undefined;
  #untold: Order | undefined;
  #wake: (() => void) | undefined;

  /** Takes an order unless it is older than what is known: what was read may come after what was published. */
  offer(order: Order): void {
    if (this.latest !== undefined && !canFollow(this.latest, order)) return;
    this.latest = { state: order.state, updatedAt: order.updatedAt };
    this.#untold = order;
    this.stop();
  }

  /** Ends the wait for the next order. */
  stop(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** The newest order, unless it was taken before. */
  take(): Order | undefined {
    const order = this.#untold;
    this.#untold = undefined;
    return order;
  }

  /** Resolves when there is another order to be taken, or after stop(). Call it when there is none. */
  news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
