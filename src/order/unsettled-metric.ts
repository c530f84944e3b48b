import type { BatchObservableResult } from "@opentelemetry/api";
import { scopeMeter } from "../telemetry/scope.ts";
import type { OrderStore } from "./order.ts";

/** More are not counted: that many say the same as any larger number. */
const MAX_COUNT = 10_000;
/** Other metrics wait for this one. */
const MAX_WAIT_MS = 1000;

/**
 * Reports `shop.order.unsettled` and `shop.order.stuck`, for which the store is asked whenever metrics are read. A store that fails or is late
 * costs a point, and no other metric; `db.client.operation.duration` tells why. Returns a function that ends it.
 *
 * `stuckAfter`: an order is stuck when the recovery has taken it so often.
 */
export function observeUnsettled(store: Pick<OrderStore, "countUnsettled">, stuckAfter: number): () => void {
  const meter = scopeMeter();
  const unsettled = meter.createObservableGauge("shop.order.unsettled", {
    description: "Orders whose saga has a step left; at most 10,000 are counted.",
    unit: "{order}",
  });
  const stuck = meter.createObservableGauge("shop.order.stuck", {
    description: "Unsettled orders that the recovery has tried in vain ten times or more.",
    unit: "{order}",
  });

  async function observe(result: BatchObservableResult): Promise<void> {
    const counted = await inTime(store.countUnsettled({ limit: MAX_COUNT, stuckAfter })).catch(() => undefined);
    if (counted === undefined) return;
    for (const state of ["pending", "cancelling"] as const) {
      result.observe(unsettled, counted[state], { "shop.order.state": state });
    }
    result.observe(stuck, counted.stuck);
  }

  const gauges = [unsettled, stuck];
  meter.addBatchObservableCallback(observe, gauges);
  return () => meter.removeBatchObservableCallback(observe, gauges);
}

/** Rejects if the value comes too late. */
async function inTime<T>(value: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("too late")), MAX_WAIT_MS);
  try {
    return await Promise.race([value, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
