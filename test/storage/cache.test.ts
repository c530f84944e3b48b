import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { type Cache, memoryCache } from "../../src/storage/cache.ts";
import { redisCache } from "../../src/storage/redis-cache.ts";
import { eventually } from "../support/eventually.ts";
import { testRedisUrl } from "../support/redis.ts";

const quiet = { info() {}, warn() {} };

/** How to make a cache, and how to make time pass for the keys under its prefix. */
type Fixture = { readonly cache: Cache; pass(ms: number): Promise<void>; close(): Promise<void> };

async function memoryFixture(): Promise<Fixture> {
  let now = 1; // the cache takes 0 for no time at all
  const cache = memoryCache({ maxEntries: 1000, now: () => now });
  return {
    cache,
    async pass(ms) {
      now += ms + 1; // an entry is there until its time is over
    },
    close: () => cache.close(),
  };
}

async function redisFixture(): Promise<Fixture> {
  const url = testRedisUrl();
  const prefix = `${randomUUID()}:`;
  // What is slow is none of these tests: a busy machine may be.
  const cache = redisCache({ url, prefix, logger: quiet, timeoutMs: 10_000 });
  const admin = createClient({ url });
  await admin.connect();
  await eventually(async () => {
    await cache.fill("ready", "yes", 1000);
    assert.equal(await cache.get("ready"), "yes");
  });
  return {
    cache,
    /** Redis has no clock to turn: what is left of the entries' time is cut instead. */
    async pass(ms) {
      for (const key of await admin.keys(`${prefix}*`)) {
        const left = await admin.pTTL(key);
        if (left <= ms) await admin.del(key);
        else await admin.pExpire(key, left - ms);
      }
    },
    async close() {
      await cache.close();
      await admin.close();
    },
  };
}

for (const [name, create] of Object.entries({ memory: memoryFixture, redis: redisFixture })) {
  describe(`a cache in ${name}`, () => {
    let cache: Cache;
    let pass: Fixture["pass"];
    let close: Fixture["close"] | undefined;
    beforeEach(async () => {
      ({ cache, pass, close } = await create());
    });
    afterEach(() => close?.());

    it("has what was filled, and nothing else", async () => {
      await cache.fill("a", "1", 1000);
      await cache.fill("b", "\u00e9\u{1f600}", 1000);
      await cache.fill("empty", "", 1000);
      assert.deepEqual(await Promise.all(["a", "b", "empty", "c"].map((key) => cache.get(key))), [
        "1",
        "\u00e9\u{1f600}",
        "",
        undefined,
      ]);
    });

    it("forgets a value when its time is over", async () => {
      await cache.fill("short", "1", 10_000);
      await cache.fill("long", "2", 20_000);
      await pass(10_000);
      assert.deepEqual([await cache.get("short"), await cache.get("long")], [undefined, "2"]);
    });

    it("keeps the first of two fills", async () => {
      await cache.fill("a", "first", 10_000);
      await cache.fill("a", "second", 10_000);
      assert.equal(await cache.get("a"), "first");
      await pass(10_000);
      await cache.fill("a", "third", 10_000);
      assert.equal(await cache.get("a"), "third");
    });

    it("forgets what is deleted, several keys at a time, there or not", async () => {
      for (const key of ["a", "b", "c"]) await cache.fill(key, key, 10_000);
      await cache.delete("a", "b", "missing");
      await cache.delete();
      assert.deepEqual([await cache.get("a"), await cache.get("b"), await cache.get("c")], [undefined, undefined, "c"]);
    });

    it("takes no fill by a reader that read before the deletion, then fills again", async () => {
      await cache.delete("a");
      await cache.fill("a", "old", 60_000);
      assert.equal(await cache.get("a"), undefined);
      await pass(4000);
      await cache.fill("a", "old", 60_000);
      assert.equal(await cache.get("a"), undefined);
      await pass(1000);
      await cache.fill("a", "new", 60_000);
      assert.equal(await cache.get("a"), "new");
    });
  });
}

describe("a cache in memory that is full", () => {
  it("drops what was used least recently", async () => {
    const cache = memoryCache({ maxEntries: 3 });
    for (const key of ["a", "b", "c"]) await cache.fill(key, key, 1000);
    await cache.get("a");
    await cache.fill("d", "d", 1000);
    assert.deepEqual(await Promise.all(["a", "b", "c", "d"].map((key) => cache.get(key))), ["a", undefined, "c", "d"]);
  });
});
