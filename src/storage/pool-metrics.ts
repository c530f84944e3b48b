import type { Attributes } from "@opentelemetry/api";
import type pg from "pg";
import { counter, histogram } from "../telemetry/histogram.ts";
import { scopeMeter } from "../telemetry/scope.ts";

/** In seconds. */
const WAIT_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Reports the connections of a pool, who waits for one, and for how long. */
export function measurePool(pool: pg.Pool, name: string): void {
  const common: Attributes = { "db.client.connection.pool.name": name };
  observeConnections(pool, common);
  measureWaits(pool, common);
}

/** Each time that metrics are read, until the pool has ended. */
function observeConnections(pool: pg.Pool, common: Attributes): void {
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

function measureWaits(pool: pg.Pool, common: Attributes): void {
  const waits = histogram("db.client.connection.wait_time", {
    unit: "s",
    description: "Time to get a connection.",
    advice: { explicitBucketBoundaries: WAIT_BUCKETS },
  });
  const timeouts = counter("db.client.connection.timeouts", {
    unit: "{timeout}",
    description: "Who got no connection in time.",
  });
  const connect: () => Promise<pg.PoolClient> = pool.connect.bind(pool);
  // Of the promises alone, which is how Kysely gets its connections.
  const measured = (...callback: unknown[]) => {
    if (callback.length > 0) return Reflect.apply(connect, pool, callback);
    const startedAt = performance.now();
    const client = connect();
    client.then(
      () => waits.record((performance.now() - startedAt) / 1000, common),
      (error: Error) => {
        if (TIMEOUT.test(error.message)) timeouts.add(1, common);
      },
    );
    return client;
  };
  pool.connect = measured as typeof pool.connect;
}

/** What pg says when it has no connection in time. */
const TIMEOUT = /^timeout exceeded when trying to connect/;
