import assert from "node:assert/strict";
import { callerViolations, IN_MESH, rpcs } from "../support/callers.ts";
import { readyPod } from "../support/kube.ts";
import { setting } from "../support/lab.ts";
import { agentOf, type Caller } from "../support/shop.ts";

describe("every RPC of every workload, called with every identity", () => {
  it("has callers and strangers to tell apart", () => {
    const allowed = rpcs().flatMap(({ callers }) => callers);
    assert.deepEqual(
      [...new Set(allowed)].sort(),
      IN_MESH.filter((caller) => ["edge", "api-gateway", "order-service"].includes(caller)).sort(),
    );
  });

  it("is seen by the role if the contract lists the caller, and refused by the mesh if not", async () => {
    assert.deepEqual(await callerViolations(), []);
  });
});

describe("what is not an RPC", () => {
  it("the cache answers the user service alone", async () => {
    const { ip } = await readyPod("app=redis");
    const ping = async (caller: Caller, host = "redis") =>
      (await agentOf(caller)).tcp({ host, port: 6379, text: "PING\r\n" });
    const answers = {
      user: await ping("user-service"),
      order: await ping("order-service"),
      gateway: await ping("api-gateway"),
      plaintext: await ping("outside", ip),
    };
    assert.deepEqual(answers, { user: "+PONG\r\n", order: "", gateway: "", plaintext: "" });
  });

  it("a role reaches nothing that the mesh does not know", async () => {
    const url = `http://${setting("MESH_HOST_IP")}:15014/version`;
    const statusFrom = async (caller: Caller) => (await (await agentOf(caller)).http({ url })).status;
    assert.deepEqual([await statusFrom("outside"), await statusFrom("order-service")], [200, 0]);
  });
});
