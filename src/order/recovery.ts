import { inLinkedTrace } from "../telemetry/links.ts";
import type { Order, OrderStore } from "./order.ts";
import type { Saga } from "./saga.ts";

export type RecoveryOptions = {
  store: Pick<OrderStore, "listUnsettled">;
  saga: Pick<Saga, "settle">;
  /** Called for each order that could not be settled, or without an id if the store failed. The next sweep tries again. */
  onError: (error: unknown, orderId: string | undefined) => void;
  /** Called for each order that was settled. */
  onSettled?: (orderId: string) => void;
  /** Milliseconds between sweeps. Default: 10,000. */
  intervalMs?: number;
  /** Orders that changed within this time are left to the call that works on them; the first sweep takes all. Default: 10,000. */
  restMs?: number;
  now?: () => number;
};

const BATCH = 100;
/** So many orders are settled at the same time: a slow step of one must not hold up the others, nor all of them flood the payment role. */
const CONCURRENCY = 16;

/**
 * Settles orders that a crash or an unavailable peer left behind, once at start and then at intervals. Several replicas may sweep at the
 * same time, because every step takes effect once. `stop` aborts the steps under way and resolves when they have ended.
 */
export function startRecovery(options: RecoveryOptions): { stop(): Promise<void> } {
  const { store, saga, onError, onSettled, intervalMs = 10_000, restMs = 10_000, now = Date.now } = options;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = sweep(0);

  async function sweep(rest: number): Promise<void> {
    try {
      await settleAll(now() - rest);
    } catch (error) {
      if (!stopping.signal.aborted) onError(error, undefined);
    }
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      running = sweep(restMs);
    }, intervalMs).unref();
  }

  async function settleAll(before: number): Promise<void> {
    const orders = unsettled(before);
    const worker = async () => {
      for await (const order of orders) {
        if (stopping.signal.aborted) return;
        await settle(order);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker));
    const failed = ended.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async function* unsettled(before: number): AsyncGenerator<Order, void, void> {
    let page: Order[];
    let after: string | undefined;
    do {
      // Without a span: sweeps that find nothing would flood the traces, and the metric of the query is enough.
      page = await store.listUnsettled({ before, after, limit: BATCH });
      yield* page;
      after = page.at(-1)?.id;
    } while (page.length === BATCH && !stopping.signal.aborted);
  }

  /** In a trace of its own, with a link to the call that created the order. */
  function settle(order: Order): Promise<void> {
    const { id, state, traceparent } = order;
    const attributes = { "shop.order.id": id, "shop.order.state": state };
    return inLinkedTrace("recover order", { attributes, traceparent }, async (fail) => {
      try {
        await saga.settle(order, { signal: stopping.signal });
        onSettled?.(id);
      } catch (error) {
        if (stopping.signal.aborted) return;
        fail(error);
        onError(error, id);
      }
    });
  }

  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
