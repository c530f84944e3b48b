// A database that is away when a role starts, or hangs when it stops.
import assert from "node:assert/strict";
import { startPostgres } from "../../tools/test-servers/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { startRoleProcess } from "../support/role-process.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

describe("a role", function () {
  this.timeout(60_000);

  it("waits for its database, says so, and serves when that is there", async () => {
    const database = await startPostgres();
    try {
      await database.stop();
      const waiting = Promise.withResolvers<void>();
      const starting = startRoleProcess({ ROLE: "payment", DATABASE_URL: database.url }, undefined, (line) => {
        if (line.includes("payment waits for its database")) waiting.resolve();
        return true;
      });
      await waiting.promise;
      await database.start();
      const role = await starting;
      assert.equal(await role.kill("SIGTERM"), 0);
    } finally {
      await database.remove();
    }
  });

  it("gives up in the end", async () => {
    const away = "postgres://shop@127.0.0.1:1/shop";
    const env = { ROLE: "payment", DATABASE_URL: away, START_TIMEOUT_MS: "2000" };
    await assert.rejects(
      startRoleProcess(env),
      /exited with 1:[\s\S]*payment waits for its database[\s\S]*payment failed/,
    );
  });

  it("stops in bounded time though its database hangs, and says what it left", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const proxied = new URL(url);
    const proxy = await startStallingProxy(Number(proxied.port));
    cleanup.defer(() => proxy.close());
    proxied.port = String(proxy.port);
    const env = { ROLE: "order", DATABASE_URL: proxied.href, RECOVERY_INTERVAL_MS: "100", DRAIN_TIMEOUT_MS: "300" };
    const role = await startRoleProcess(env);
    cleanup.defer(() => void role.kill("SIGKILL"));
    proxy.stall();
    // A sweep of the recovery is under way when nothing comes back of what it asks.
    await eventually(() => assert.ok(proxy.held > 0));
    const began = performance.now();
    assert.equal(await role.kill("SIGTERM"), 0);
    const took = performance.now() - began;
    assert.ok(took < 5000, `${took} ms`);
    assert.ok(role.lines.some((line) => line.includes("the work of the role order did not stop in time, and is left")));
  });
});
