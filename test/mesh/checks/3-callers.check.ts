import assert from "node:assert/strict";
import { callerViolations, rpcs } from "../support/callers.ts";
import { readyPod } from "../support/kube.ts";
import { setting } from "../support/lab.ts";
import { agentOf, IN_MESH, WORKLOADS } from "../support/shop.ts";

describe("every RPC of every workload, called with every identity", () => {
  it("has callers and strangers to tell apart", () => {
    const allowed = new Set(rpcs().flatMap(({ callers }) => callers));
    const strangers = IN_MESH.filter((caller) => !allowed.has(caller));
    assert.deepEqual(allowed.difference(new Set(IN_MESH)), new Set());
    for (const caller of ["edge", "api-gateway", "order-service"]) assert.ok(allowed.has(caller), caller);
    for (const caller of ["other-team", "postgres", "redis"]) assert.ok(strangers.includes(caller), caller);
  });

  it("is seen by the role if the contract lists the caller, and refused by the mesh if not", async () => {
    assert.deepEqual(await callerViolations(), []);
  });
});

describe("what is not an RPC", () => {
  it("the cache answers the roles alone that use it", async () => {
    const ping = async (caller: string, host = "redis") =>
      (await agentOf(caller)).tcp({ host, port: 6379, text: "PING\r\n" });
    for (const { name, stores } of WORKLOADS) {
      assert.equal(await ping(name), stores.includes("cache") ? "+PONG\r\n" : "", name);
    }
    const { ip } = await readyPod("app=redis");
    assert.deepEqual([await ping("other-team", "redis.shop"), await ping("outside", ip)], ["", ""]);
  });

  it("a role reaches nothing that the mesh does not know", async () => {
    const url = `http://${setting("MESH_HOST_IP")}:15014/version`;
    const statusFrom = async (caller: string) => (await (await agentOf(caller)).http({ url })).status;
    assert.deepEqual([await statusFrom("outside"), await statusFrom("order-service")], [200, 0]);
  });
});
