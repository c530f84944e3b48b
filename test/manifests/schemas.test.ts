import assert from "node:assert/strict";
import type { Manifest } from "./support/manifests.ts";
import { OVERLAYS, render } from "./support/overlays.ts";
import { type Validate, validator } from "./support/schemas.ts";

describe("schemas", () => {
  let validate: Validate;
  before(function () {
    this.timeout(300_000); // the first time on a machine
    validate = validator();
  });

  for (const overlay of OVERLAYS) {
    it(`hold for every object of ${overlay}`, async () => {
      const objects = await render(overlay);
      assert.deepEqual(objects.flatMap(validate), []);
    });
  }

  it("find fields that are not known, or of another type", async () => {
    const faulty = [
      { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { ports: [{ port: "8080" }] } },
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "b" }, spec: { replica: 3 } },
      { apiVersion: "networking.istio.io/v1", kind: "Sidecar", metadata: { name: "c" }, spec: { egres: [] } },
    ] satisfies (Manifest & { spec: unknown })[];
    assert.deepEqual(
      faulty.map((object) => validate(object).length > 0),
      [true, true, true],
    );
  });
});
