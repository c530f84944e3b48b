import { inLinkedTrace } from "../telemetry/links.ts";
import { type ClaimedOrder, FAILING_AFTER, type OrderStore } from "./order.ts";
import type { Saga } from "./saga.ts";

export type RecoveryOptions = {
  store: Pick<OrderStore, "claim" | "release">;
  saga: Pick<Saga, "settle">;
  /** Called for each order that could not be settled, or without one if the store failed. It will be tried again. */
  onError: (error: unknown, claimed: ClaimedOrder | undefined) => void;
  /** Called for each order that was settled. */
  onSettled?: (orderId: string) => void;
  /** Milliseconds between two looks for orders. Default: 2,000. */
  intervalMs?: number;
  /** So many orders are settled at the same time, so that a slow step of one does not hold up the others. Default: 64. */
  concurrency?: number;
  /** What an order gets at a time, in milliseconds. Default: 5,000. */
  limitMs?: number;
};

/** What the last statement of an order may take beyond its limit, since it is not given up between moved money and the record of that. */
const LAST_WRITE_MS = 10_000;
/** Orders that fail again and again, and may hang each time, have so much of the places at most: whatever ails them, others go on. */
const FAILING_SHARE = 3 / 4;
/** Pauses of an order that could not be settled: it must not take the place of others, and be tried soon after what ails it is over. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Settles orders that a crash or an unavailable peer left behind. It claims them, so that of several replicas each has its own; those of a
 * replica that dies are claimed again when its lease is over. `stop` aborts the steps under way, gives their orders back and resolves when
 * they have ended.
 */
export function startRecovery(options: RecoveryOptions): { stop(): Promise<void> } {
  const { store, saga, onError, onSettled, intervalMs = 2_000, concurrency = 64, limitMs = 5_000 } = options;
  const stopping = new AbortController();
  const working = new Map<Promise<void>, ClaimedOrder>();
  const maxFailing = Math.ceil(concurrency * FAILING_SHARE);
  const running = run();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const free = concurrency - working.size;
      const freeForFailing = maxFailing - [...working.values()].filter(isFailing).length;
      const claimed = free > 0 ? await claim(free, freeForFailing) : [];
      for (const one of claimed) begin(one);
      // There may be more that wait for a place.
      const isFull = claimed.length === free || claimed.filter(isFailing).length >= freeForFailing;
      await pause(isFull ? [...working.keys()] : []);
    }
    await Promise.all(working.keys());
  }

  /** Without a span: looks that find nothing would flood the traces, and the metric of the query is enough. */
  async function claim(limit: number, maxFailing: number): Promise<ClaimedOrder[]> {
    try {
      return await store.claim({ limit, maxFailing, leaseMs: limitMs + LAST_WRITE_MS });
    } catch (error) {
      if (!stopping.signal.aborted) onError(error, undefined);
      return [];
    }
  }

  /** Until it is time for the next look, or one of these has ended. */
  function pause(ending: readonly Promise<void>[]): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stopping.signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, intervalMs).unref();
      stopping.signal.addEventListener("abort", end);
      for (const work of ending) void work.then(end);
      if (stopping.signal.aborted) end();
    });
  }

  function begin(claimed: ClaimedOrder): void {
    const work = settle(claimed).finally(() => working.delete(work));
    working.set(work, claimed);
  }

  /** In a trace of its own, with a link to the call that created the order. Never rejects. */
  async function settle(claimed: ClaimedOrder): Promise<void> {
    const { id, state, traceparent } = claimed.order;
    const attributes = { "shop.order.id": id, "shop.order.state": state };
    await inLinkedTrace("recover order", { attributes, traceparent }, async (fail) => {
      try {
        const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(limitMs)]);
        await saga.settle(claimed.order, { signal, timeoutMs: limitMs });
        onSettled?.(id);
      } catch (error) {
        if (!stopping.signal.aborted) {
          fail(error);
          onError(error, claimed);
        }
        await giveBack(claimed);
      }
    });
  }

  async function giveBack(claimed: ClaimedOrder): Promise<void> {
    const pause = stopping.signal.aborted ? "untried" : pauseAfter(claimed.attempts);
    // If that fails, too, the end of the lease gives it back.
    await store.release(claimed, pause).catch(() => {});
  }

  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

const isFailing = ({ attempts }: ClaimedOrder): boolean => attempts > FAILING_AFTER;

/** Doubles with each attempt, give or take a fifth, so that orders that failed together do not come together again. */
function pauseAfter(attempts: number): number {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  return Math.round(pauseMs * (0.8 + Math.random() * 0.4));
}
