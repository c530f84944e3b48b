import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createClient } from "redis";
import type { Cache } from "../../src/storage/cache.ts";
import { redisCache } from "../../src/storage/redis-cache.ts";
import { startRedis } from "../../tools/test-servers/redis.ts";
import type { TestServer } from "../../tools/test-servers/server.ts";
import { eventually } from "../support/eventually.ts";

type Line = { level: string; message: string };

function recordingLogger() {
  const lines: Line[] = [];
  const log = (level: string) => (message: string) => void lines.push({ level, message });
  return { lines, logger: { info: log("info"), warn: log("warn") } };
}

const AWAY: Line = { level: "warn", message: "cache is away, going on without" };
const BACK: Line = { level: "info", message: "cache is back" };

async function fillAndGet(cache: Cache, key: string): Promise<void> {
  await cache.fill(key, "value", 60_000);
  assert.equal(await cache.get(key), "value");
}

/** Works on the cache in every way, which must be no more than quick and futile. */
async function assertMissesIn(maxMs: number, cache: Cache): Promise<void> {
  const started = performance.now();
  await cache.fill("x", "1", 1000);
  assert.equal(await cache.get("x"), undefined);
  await cache.delete("x", "y");
  const tookMs = performance.now() - started;
  assert.ok(tookMs < maxMs, `took ${tookMs} ms`);
}

describe("a cache in Redis, when Redis", () => {
  let server: TestServer;

  async function command(...args: string[]): Promise<void> {
    const client = createClient({ url: server.url });
    await client.connect();
    await client.sendCommand(args);
    await client.close();
  }

  before(async () => {
    server = await startRedis();
  });
  after(() => server.remove());

  it("goes away, has misses at once, one warning, and comes back by itself", async () => {
    const { lines, logger } = recordingLogger();
    const cache = redisCache({ url: server.url, prefix: "outage:", logger });
    await eventually(() => fillAndGet(cache, "before"));
    assert.deepEqual(lines, []);

    await server.stop();
    await eventually(() => assert.deepEqual(lines, [AWAY]));
    for (let i = 0; i < 10; i++) await assertMissesIn(50, cache);
    await server.start();
    await eventually(() => fillAndGet(cache, "after"));
    assert.deepEqual(lines, [AWAY, BACK]);
    await cache.close();
  });

  it("is away from the start, starts all the same, and finds it later", async () => {
    await server.stop();
    const { lines, logger } = recordingLogger();
    const cache = redisCache({ url: server.url, prefix: "late:", logger });
    await eventually(() => assert.deepEqual(lines, [AWAY]));
    await assertMissesIn(50, cache);
    await server.start();
    await eventually(() => fillAndGet(cache, "after"));
    assert.deepEqual(lines, [AWAY, BACK]);
    await cache.close();
  });

  it("hangs, waits a bounded time once, and is back when Redis is, with what was deleted meanwhile deleted", async () => {
    const { lines, logger } = recordingLogger();
    const cache = redisCache({ url: server.url, prefix: "hang:", logger, timeoutMs: 40 });
    await eventually(() => fillAndGet(cache, "a"));

    await command("client", "pause", "400", "all");
    const started = performance.now();
    assert.equal(await cache.get("a"), undefined);
    for (let i = 0; i < 100; i++) assert.equal(await cache.get("a"), undefined);
    assert.ok(performance.now() - started < 500, "100 calls do not wait one after the other");
    await cache.delete("a");
    assert.deepEqual(lines, [AWAY]);

    await eventually(() => fillAndGet(cache, "b"));
    assert.deepEqual(lines, [AWAY, BACK]);
    assert.equal(await cache.get("a"), undefined);
    await cache.close();
  });

  it("refuses to store, still reads, and warns once", async () => {
    const { lines, logger } = recordingLogger();
    const cache = redisCache({ url: server.url, prefix: "full:", logger });
    await eventually(() => fillAndGet(cache, "a"));
    await command("config", "set", "maxmemory", "1");
    for (let i = 0; i < 5; i++) {
      await cache.fill(`b${i}`, "value", 1000);
      assert.equal(await cache.get("a"), "value");
    }
    assert.deepEqual(lines, [AWAY]);
    await cache.close();
  });

  it("accepts connections and never answers, is not waited for", async () => {
    const silent = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const { logger } = recordingLogger();
    const cache = redisCache({ url: `redis://127.0.0.1:${port}`, prefix: "", logger });
    await once(silent, "connection");
    await assertMissesIn(50, cache);
    await cache.close();
    silent.close();
    await once(silent, "close");
  });

  it("is away, can be closed", async () => {
    await server.stop();
    const { lines, logger } = recordingLogger();
    const cache = redisCache({ url: server.url, prefix: "closed:", logger });
    await eventually(() => assert.deepEqual(lines, [AWAY]));
    await cache.close();
    await cache.close();
    assert.equal(await cache.get("x"), undefined);
  });
});
