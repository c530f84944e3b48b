import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { type Cache, memoryCache } from "../../src/storage/cache.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { createPool } from "../../src/storage/postgres.ts";
import { redisCache } from "../../src/storage/redis-cache.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { testRedisUrl } from "../support/redis.ts";
import type { Point } from "../telemetry/support/otlp.ts";
import { record, startRecording } from "../telemetry/support/recording.ts";

/** The values of a metric by those of its attributes. */
function valuesOf(points: readonly Point[], metric: string): Record<string, number> {
  const own = points.filter((point) => point.metric === metric);
  return Object.fromEntries(own.map(({ attributes, value }) => [Object.values(attributes).join(" "), value]));
}

describe("metrics of a pool of PostgreSQL", () => {
  it("tell of connections, and of who waits for one, until it is closed", async () => {
    const { url, drop } = await createTestDatabase();
    const { hostname, port, pathname } = new URL(url);
    const server = `${hostname || "localhost"}:${port || 5432}${pathname}`;
    const recording = await startRecording({}, { OTEL_METRIC_EXPORT_INTERVAL: "20" });
    const { points } = recording.backend;
    const database = await openDatabase({ url, file: "", role: "pool", migrations: {}, poolMax: 2 });
    const release = Promise.withResolvers<void>();
    const hold = () => database.db.connection().execute(() => release.promise);
    const held = [hold(), hold(), hold(), hold(), hold()];
    const last = (metric: string) => valuesOf(points, metric);
    await eventually(() => {
      assert.deepEqual(last("db.client.connection.count"), { [`${server} idle`]: 0, [`${server} used`]: 2 });
      assert.deepEqual(last("db.client.connection.limit"), { [server]: 2 });
      assert.deepEqual(last("db.client.connection.pending_requests"), { [server]: 3 });
    });
    release.resolve();
    await Promise.all(held);
    await eventually(() => {
      const waits = points.findLast(({ metric }) => metric === "db.client.connection.wait_time");
      assert.deepEqual([waits?.count, Object.values(waits?.attributes ?? {})], [5, [server]]);
      assert.ok(waits!.sum > 0.02 && waits!.sum < 60, `${waits!.sum} s`);
    });
    await sql`select 1`.execute(database.db);
    await eventually(() => {
      assert.deepEqual(last("db.client.connection.count"), { [`${server} idle`]: 2, [`${server} used`]: 0 });
    });
    await database.close();
    await eventually(() => {
      assert.deepEqual(last("db.client.connection.count"), { [`${server} idle`]: 0, [`${server} used`]: 0 });
      assert.deepEqual(last("db.client.connection.limit"), { [server]: 0 });
    });
    await recording.stop();
    await drop();
  });
});

describe("metrics of a pool that is used up", () => {
  it("count who got no connection in time", async () => {
    const { url, drop } = await createTestDatabase();
    const limits = { max: 1, statementTimeoutMs: 0, connectionTimeoutMs: 500 };
    const { points } = await record(async () => {
      const pool = createPool({ url, applicationName: "pool", ...limits, measured: true });
      const client = await pool.connect();
      await Promise.all([assert.rejects(pool.connect()), assert.rejects(pool.connect())]);
      client.release();
      await pool.end();
    });
    await drop();
    assert.deepEqual(Object.values(valuesOf(points, "db.client.connection.timeouts")), [2]);
  });
});

describe("metrics of a cache", () => {
  const act = async (cache: Cache) => {
    await cache.get("a");
    await cache.fill("a", "1", 60_000);
    for (let i = 0; i < 3; i++) await cache.get("a");
    await cache.delete("a");
    await cache.get("a");
  };

  it("count hits and misses, and entries in memory", async () => {
    const { points } = await record(async () => {
      const cache = memoryCache({ maxEntries: 10 });
      await act(cache);
      await cache.fill("b", "2", 60_000);
    });
    assert.deepEqual(valuesOf(points, "tracemesh.cache.lookups"), { "memory hit": 3, "memory miss": 2 });
    assert.deepEqual(valuesOf(points, "tracemesh.cache.entries"), { memory: 2 });
  });

  it("count hits and misses, and what nobody could look up, in Redis", async () => {
    const { points } = await record(async () => {
      const logger = { info() {}, warn() {} };
      const cache = redisCache({ url: testRedisUrl(), prefix: `${randomUUID()}:`, logger });
      await cache.get("before it is connected");
      await eventually(async () => {
        await cache.fill("ready", "yes", 1000);
        assert.equal(await cache.get("ready"), "yes");
      });
      await act(cache);
      await cache.close();
    });
    const {
      "redis hit": hits,
      "redis miss": misses,
      "redis unavailable": away,
    } = valuesOf(points, "tracemesh.cache.lookups");
    assert.deepEqual([hits, misses], [4, 2]);
    assert.ok(away! >= 1);
  });
});
