// Every role is restarted, one replica after the other, without a mesh or balancer, while clients of every kind go on calling.
import assert from "node:assert/strict";
import { createTestDatabase } from "../support/postgres.ts";
import { startReplicas } from "../support/replicas.ts";
import { callers } from "./rolling/clients.ts";
import { buildGoClient, startGoClient } from "./rolling/go-client.ts";
import { startLoad } from "./rolling/load.ts";

describe("a rolling restart of all roles", function () {
  this.timeout(300_000);
  before(buildGoClient);

  it("fails no call, whatever client makes it", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    const shop = await startReplicas({ DATABASE_URL: url, DATABASE_POOL_MAX: "4" });
    cleanup.defer(() => shop.close());
    const ports = shop.ports("gateway");
    const loads = callers(ports).map((caller) => startLoad(caller));
    const go = startGoClient(ports);

    await shop.restartAll();

    const results = await Promise.all([
      ...loads.map((load) => load.end()),
      go.end().then((r) => ({ name: "grpc-go", ...r })),
    ]);
    const failed = results.filter(({ failures }) => failures.length > 0);
    assert.deepEqual(failed, [], "calls failed");
    for (const { name, calls } of results) assert.ok(calls > 20, `${name} made only ${calls} calls`);
  });
});
