import assert from "node:assert/strict";
import { plaintextViolations } from "../support/callers.ts";
import { readyPod } from "../support/kube.ts";
import { agentOf, WORKLOADS } from "../support/shop.ts";

describe("a caller without a sidecar", () => {
  it("gets no answer to any RPC in plaintext", async () => {
    assert.deepEqual(await plaintextViolations(), []);
  });

  it("gets no answer over HTTP/1.1 either", async () => {
    const outside = await agentOf("outside");
    const statuses = await Promise.all(
      WORKLOADS.map(async ({ name, port }) => {
        const { ip } = await readyPod(`app=${name}`);
        return (await outside.http({ url: `http://${ip}:${port}/health` })).status;
      }),
    );
    assert.deepEqual(new Set(statuses), new Set([0]));
  });
});
