import { EventEmitter, once } from "node:events";
import { isFinal, type Order, type OrderStore } from "./order.ts";

/** Why a watch ended before its order did. */
export class FeedClosed extends Error {}

/** Follows orders as they change. */
export type OrderFeed = {
  /** Tells the watchers in this process about a change at once. */
  publish(order: Order): void;
  /**
   * The order now and then after changes, until its state is final or the signal aborts. Changes in quick succession may come as one.
   * Yields nothing if there is no such order.
   */
  watch(id: string, signal: AbortSignal): AsyncGenerator<Order, void, void>;
  /** Ends all watches with FeedClosed, so that a draining server does not wait for them; clients watch again elsewhere. */
  close(): void;
};

/** A feed over the store. It sees changes by other replicas within pollMs (default: 1000). */
export function createOrderFeed(store: Pick<OrderStore, "get">, pollMs = 1000): OrderFeed {
  const changes = new EventEmitter().setMaxListeners(0);
  const closing = new AbortController();

  async function* watch(id: string, signal: AbortSignal): AsyncGenerator<Order, void, void> {
    let last: Order | undefined;
    for (;;) {
      // Listen before reading, so that a change between the two is not missed.
      const woken = new AbortController();
      const change = once(changes, id, { signal: AbortSignal.any([signal, closing.signal, woken.signal]) });
      const changed = change.catch(() => {}); // an abort just ends the wait
      const timer = setTimeout(() => woken.abort(), pollMs);
      try {
        const order = await store.get(id);
        if (order === undefined) return;
        if (order.updatedAt !== last?.updatedAt || order.state !== last.state) {
          last = order;
          yield order;
        }
        if (isFinal(order.state)) return;
        await changed;
      } finally {
        clearTimeout(timer);
        woken.abort();
      }
      if (signal.aborted) return;
      if (closing.signal.aborted) throw new FeedClosed("the server is shutting down");
    }
  }

  return {
    publish: (order) => void changes.emit(order.id, order),
    watch,
    close: () => closing.abort(),
  };
}
