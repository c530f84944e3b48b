// Every role has what it needs in every environment.
import assert from "node:assert/strict";
import { policies } from "../../gen/mesh/policies.js";
import { CHECKS } from "./support/faults.ts";
import { OVERLAYS, render } from "./support/overlays.ts";
import { environmentOfOverlay, WORKLOADS } from "./support/workloads.ts";

describe("workloads", () => {
  it("of the contracts are those of the roles", () => {
    const contracted = new Set(Object.values(policies).map(({ workload }) => workload));
    assert.deepEqual([...contracted].sort(), WORKLOADS.map(({ name }) => name).sort());
  });

  for (const overlay of OVERLAYS) {
    for (const [what, check] of Object.entries(CHECKS)) {
      it(`lack nothing in ${overlay}: ${what}`, async () => {
        assert.deepEqual(check(await render(overlay), environmentOfOverlay(overlay)), []);
      });
    }
  }
});
