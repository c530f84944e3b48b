// Gateways that count their callers together in a real Redis, and what becomes of that when it goes.
import assert from "node:assert/strict";
import { createClient } from "redis";
import { startRedis } from "../../tools/test-servers/redis.ts";
import type { TestServer } from "../../tools/test-servers/server.ts";
import { eventually } from "../support/eventually.ts";
import { type RolesShop, startShop } from "../support/shop.ts";

const LIMIT = 6;

describe("gateways with one Redis", () => {
  let redis: TestServer;
  let gateways: readonly RolesShop[];

  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.remove());

  beforeEach(async () => {
    await command("flushall");
    const env = { RATE_LIMIT_PER_MINUTE: String(LIMIT), TRUST_PROXY: "true" };
    const envOf = (role: string) => (role === "gateway" ? { REDIS_URL: redis.url } : {});
    gateways = await Promise.all([startShop(env, { envOf }), startShop(env, { envOf })]);
    // Until both count there.
    for (const [i] of gateways.entries()) {
      await eventually(async () => {
        await read(i, `warm-${i}`);
        assert.equal(await command("exists", `rate:warm-${i}`), 1);
      });
    }
  });
  afterEach(() => Promise.all(gateways.map((shop) => shop.close())));

  async function command(...args: string[]): Promise<unknown> {
    const client = createClient({ url: redis.url });
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      await client.close();
    }
  }

  const read = (gateway: number, from: string) =>
    fetch(`${gateways[gateway]!.url("gateway")}/api/users/123`, { headers: { "x-forwarded-for": from } });

  it("count together, and forget after a minute", async () => {
    const left: (string | null)[] = [];
    for (let i = 0; i < LIMIT; i++) {
      const response = await read(i % 2, "203.0.113.1");
      assert.equal(response.status, 200);
      left.push(response.headers.get("ratelimit-remaining"));
    }
    assert.deepEqual(left, ["5", "4", "3", "2", "1", "0"]);
    assert.deepEqual([(await read(0, "203.0.113.1")).status, (await read(1, "203.0.113.1")).status], [429, 429]);
    assert.equal((await read(1, "203.0.113.2")).status, 200);
    const ttl = Number(await command("ttl", "rate:203.0.113.1"));
    assert.ok(ttl > 50 && ttl <= 60, String(ttl));
  });

  it("count each for itself while it is away, and together again when it is back", async () => {
    await redis.stop();
    for (let i = 0; i < LIMIT; i++) assert.equal((await read(0, "203.0.113.3")).status, 200);
    assert.equal((await read(0, "203.0.113.3")).status, 429);
    assert.equal((await read(1, "203.0.113.3")).status, 200);
    await redis.start();
    await eventually(async () => {
      await read(0, "203.0.113.4");
      assert.equal(await command("exists", "rate:203.0.113.4"), 1);
    });
  });

  it("keep nobody waiting while it hangs", async () => {
    await command("client", "pause", "3000", "all");
    const begun = performance.now();
    for (let i = 0; i < LIMIT; i++) assert.equal((await read(0, "203.0.113.5")).status, 200);
    assert.ok(performance.now() - begun < 1500, `${performance.now() - begun} ms`);
  });
});
