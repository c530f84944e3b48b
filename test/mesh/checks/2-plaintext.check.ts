import assert from "node:assert/strict";
import { plaintextViolations } from "../support/callers.ts";
import { readyPod } from "../support/kube.ts";
import { agentOf, ROLES } from "../support/shop.ts";

describe("a caller without a sidecar", () => {
  it("gets no answer to any RPC in plaintext", async () => {
    assert.deepEqual(await plaintextViolations(), []);
  });

  it("gets no answer over HTTP/1.1 either", async () => {
    const outside = await agentOf("outside");
    const statuses = await Promise.all(
      ROLES.map(async (role, i) => {
        const { ip } = await readyPod(`app=${role}`);
        return (await outside.http({ url: `http://${ip}:${8080 + i}/health` })).status;
      }),
    );
    assert.deepEqual(statuses, [0, 0, 0, 0]);
  });
});
