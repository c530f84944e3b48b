// A fifth service in a real mesh: what holds for each service of the contract holds for it too.
import { type Copy, copyTree } from "./support/copy.ts";

/** An order, and those checks that go through all services. */
const CHECKS = "test/mesh/checks/[1238]-*.check.ts";

describe("a fifth service in the mesh", function () {
  this.timeout(30 * 60_000);
  let copy: Copy;
  before(() => {
    copy = copyTree();
  });
  after(() => copy?.remove());

  it("is encrypted, open to its callers alone, and without fault for istioctl, as all others are", async () => {
    await copy.run("make new SERVICE=stock");
    const output = await copy.run(`CHECKS='${CHECKS}' make test-mesh`);
    console.log(output.replace(/^/gm, "      "));
  });
});
