import type { Attributes } from "@opentelemetry/api";
import { scopeMeter } from "../telemetry/scope.ts";

/** What is measured of a pool. */
export type MeasuredPool = {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ended: boolean;
  readonly options: { readonly max: number };
};

/** Reports the connections of a pool, and who waits for one, each time that metrics are read, until the pool has ended. */
export function measurePool(pool: MeasuredPool, name: string): void {
  const meter = scopeMeter();
  const count = meter.createObservableUpDownCounter("db.client.connection.count", {
    unit: "{connection}",
    description: "Connections that are idle or in use.",
  });
  const limit = meter.createObservableUpDownCounter("db.client.connection.limit", {
    unit: "{connection}",
    description: "Largest number of connections.",
  });
  const pending = meter.createObservableUpDownCounter("db.client.connection.pending_requests", {
    unit: "{request}",
    description: "Who waits for a connection.",
  });
  const metrics = [count, limit, pending];
  const common: Attributes = { "db.client.connection.pool.name": name };
  const idle = { ...common, "db.client.connection.state": "idle" };
  const used = { ...common, "db.client.connection.state": "used" };
  const read: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    result.observe(count, pool.idleCount, idle);
    result.observe(count, pool.totalCount - pool.idleCount, used);
    result.observe(limit, pool.ended ? 0 : pool.options.max, common);
    result.observe(pending, pool.waitingCount, common);
    // After it was read a last time: the SDK repeats the last values for ever.
    if (pool.ended) meter.removeBatchObservableCallback(read, metrics);
  };
  meter.addBatchObservableCallback(read, metrics);
}
