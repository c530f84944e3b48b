import type { Notifications } from "../storage/notifications.ts";
import { canFollow, isFinal, type Order, type OrderStore } from "./order.ts";
import { OrderReader } from "./order-reader.ts";
import { OrderWatch } from "./order-watch.ts";

/** Why a watch ended before its order did. */
export class FeedClosed extends Error {}

/** Follows orders as they change. */
export type OrderFeed = {
  /** Tells the watchers in this process about a change at once, and other processes within some milliseconds. */
  publish(order: Order): void;
  /** These orders were changed elsewhere. */
  changedElsewhere(ids: readonly string[]): void;
  /** Changes elsewhere may have gone untold: looks at all orders that are watched. */
  lookAtAll(): void;
  /**
   * The order now and then after changes, until its state is final or the signal aborts. Changes in quick succession may come as one, and a
   * state that was passed does not come again. Yields nothing if there is no such order.
   */
  watch(id: string, signal: AbortSignal): AsyncGenerator<Order, void, void>;
  /** Ends all watches with FeedClosed, so that a draining server does not wait for them; clients watch again elsewhere. */
  close(): void;
};

export type OrderFeedOptions = {
  readonly store: Pick<OrderStore, "getMany" | "versionsOf">;
  /** Carries changes to other processes. Default: none are told. */
  readonly notifications?: () => Pick<Notifications, "send" | "connected"> | undefined;
  /** Milliseconds between two looks at the store for changes that nobody tells of. Default: 10,000 */
  readonly lookMs?: number;
  /** The same while notifications are expected and do not arrive. Default: 1000 */
  readonly deafLookMs?: number;
};

/** So many orders are looked at at a time. */
const PAGE = 500;

/** A feed over the store. What idle watches cost does not depend on how often anything is looked at. */
export function createOrderFeed({
  store,
  notifications,
  lookMs = 10_000,
  deafLookMs = 1_000,
}: OrderFeedOptions): OrderFeed {
  const watches = new Map<string, Set<OrderWatch>>();
  const reader = new OrderReader(store);
  let looker: NodeJS.Timeout | undefined;
  let closed = false;

  function offer(order: Order): void {
    for (const watch of watches.get(order.id) ?? []) watch.offer(order);
  }

  /** However many watch an order, it is read once. */
  function changedElsewhere(ids: readonly string[]): void {
    for (const id of ids) {
      if (!watches.has(id)) continue;
      // The next look finds what cannot be read now. That the store fails is told by those who call it for a client.
      reader.read(id).then(
        (order) => order && offer(order),
        () => {},
      );
    }
  }

  async function look(): Promise<void> {
    const all = [...watches.keys()];
    for (let i = 0; i < all.length && !closed; i += PAGE) {
      const stored = await store.versionsOf(all.slice(i, i + PAGE));
      changedElsewhere(stored.filter((version) => isNews(version)).map(({ id }) => id));
    }
  }

  const isNews = ({ id, ...version }: Pick<Order, "id" | "state" | "updatedAt">): boolean => {
    for (const { latest } of watches.get(id) ?? []) if (latest !== undefined && canFollow(latest, version)) return true;
    return false;
  };

  function lookAtAll(): void {
    clearTimeout(looker);
    looker = undefined;
    if (watches.size === 0 || closed) return;
    void look()
      .catch(() => {}) // as above
      .finally(scheduleLook);
  }

  function scheduleLook(): void {
    if (looker !== undefined || watches.size === 0 || closed) return;
    const isDeaf = notifications?.()?.connected === false;
    looker = setTimeout(lookAtAll, isDeaf ? deafLookMs : lookMs).unref();
  }

  function add(id: string): OrderWatch {
    const watch = new OrderWatch();
    const others = watches.get(id);
    if (others === undefined) watches.set(id, new Set([watch]));
    else others.add(watch);
    scheduleLook();
    return watch;
  }

  function remove(id: string, watch: OrderWatch): void {
    const all = watches.get(id);
    all?.delete(watch);
    if (all?.size === 0) watches.delete(id);
    if (watches.size > 0) return;
    clearTimeout(looker);
    looker = undefined;
  }

  async function* watch(id: string, signal: AbortSignal): AsyncGenerator<Order, void, void> {
    const own = add(id); // before reading, so that a change between the two is not missed
    const stop = () => own.stop();
    signal.addEventListener("abort", stop);
    try {
      let order = await reader.read(id);
      if (order === undefined) return;
      own.offer(order);
      while (!signal.aborted) {
        if (closed) throw new FeedClosed("the server is shutting down");
        order = own.take();
        if (order === undefined) await own.news();
        else {
          yield order;
          if (isFinal(order.state)) return;
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
      remove(id, own);
    }
  }

  return {
    publish(order) {
      offer(order);
      notifications?.()?.send(order.id);
    },
    changedElsewhere,
    lookAtAll,
    watch,
    close() {
      closed = true;
      clearTimeout(looker);
      for (const all of watches.values()) for (const each of all) each.stop();
    },
  };
}
