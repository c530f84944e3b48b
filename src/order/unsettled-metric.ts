import type { ObservableResult } from "@opentelemetry/api";
import { scopeMeter } from "../telemetry/scope.ts";
import type { OrderStore } from "./order.ts";

/** More are not counted: that many say the same as any larger number. */
const MAX_COUNT = 10_000;
/** Other metrics wait for this one. */
const MAX_WAIT_MS = 1000;

/**
 * Reports `shop.order.unsettled`, for which the store is asked whenever metrics are read. A store that fails or is late costs a point, and
 * no other metric; `db.client.operation.duration` tells why. Returns a function that ends it.
 */
export function observeUnsettled(store: Pick<OrderStore, "countUnsettled">): () => void {
  const gauge = scopeMeter().createObservableGauge("shop.order.unsettled", {
    description: "Orders whose saga has a step left; at most 10,000 are counted.",
    unit: "{order}",
  });

  async function observe(result: ObservableResult): Promise<void> {
    const counted = await inTime(store.countUnsettled(MAX_COUNT)).catch(() => undefined);
    for (const state in counted) {
      result.observe(counted[state as keyof typeof counted], { "shop.order.state": state });
    }
  }

  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
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
