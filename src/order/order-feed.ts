import { EventEmitter, once } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { isFinal, type Order, type OrderStore } from "./order.ts";

/** Lets callers follow orders. */
export type OrderFeed = {
  /** Tells this process's watchers of a change at once. */
  publish(order: Order): void;
  /** The order now and after each change, until a final state or the signal. Yields nothing if there is no such order. */
  watch(id: string, signal: AbortSignal): AsyncGenerator<Order, void, void>;
  /** Ends all watches with UNAVAILABLE, so that a draining server waits for none; clients watch again elsewhere. */
  close(): void;
};

/** A feed over the store. Changes by other replicas are seen within pollMs (default 1000). */
export function createOrderFeed(store: Pick<OrderStore, "get">, pollMs = 1000): OrderFeed {
  const changes = new EventEmitter().setMaxListeners(0);
  const closing = new AbortController();

  async function* watch(id: string, signal: AbortSignal): AsyncGenerator<Order, void, void> {
    let last: Order | undefined;
    for (;;) {
      // Listen before reading, or a change between the two would be missed.
      const woken = new AbortController();
      const change = once(changes, id, { signal: AbortSignal.any([signal, closing.signal, woken.signal]) });
      const changed = change.catch(() => {}); // an abort only ends the wait
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
      if (closing.signal.aborted) throw new ConnectError("the server is shutting down", Code.Unavailable);
    }
  }

  return {
    publish: (order) => void changes.emit(order.id, order),
    watch,
    close: () => closing.abort(),
  };
}
