import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { allOf, type Deployment, type Manifest, one, type VirtualService } from "./support/manifests.ts";
import { REPOSITORY, render } from "./support/overlays.ts";

/** What was generated for a workload, before an overlay changed it. */
function generated(workload: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(REPOSITORY, `gen/istio/${workload}.yaml`), "utf8")).map(
    (document) => document.toJS() as Manifest,
  );
}

describe("canary", () => {
  let objects: Manifest[];
  before(async () => {
    objects = await render("istio/overlays/canary");
  });

  it("splits every route of the contract 90 to 10, and changes nothing else of them", () => {
    const [canary, ...routes] = one<VirtualService>(objects, "VirtualService", "user-service").spec.http;
    const before = one<VirtualService>(generated("user-service"), "VirtualService", "user-service").spec.http;
    const host = "user-service.shop.svc.cluster.local";
    const route = [
      { destination: { host, subset: "v1" }, weight: 90 },
      { destination: { host, subset: "v2" }, weight: 10 },
    ];
    assert.deepEqual(
      routes,
      before.map((r) => ({ ...r, route })),
    );
    assert.deepEqual(canary?.route, [{ destination: { host, subset: "v2" } }]);
  });

  it("sends by baggage what says canary=true, and nothing like it", () => {
    const [canary] = one<VirtualService>(objects, "VirtualService", "user-service").spec.http;
    const [match] = (canary?.match ?? []) as { headers: { baggage: { regex: string } } }[];
    // Envoy's expressions must match the whole value.
    const regex = new RegExp(`^(?:${match?.headers.baggage.regex})$`);
    const yes = ["canary=true", "a=b,canary=true", "a=b, canary=true;p=1,c=d", "canary=true,a=b"];
    const no = ["canary=false", "canary=truely", "notcanary=true", "a=canary=true", ""];
    assert.deepEqual(
      [...yes, ...no].filter((baggage) => regex.test(baggage)),
      yes,
    );
  });

  it("runs the second version under the identity and the settings of the first", () => {
    const [first, second] = ["user-service", "user-service-v2"].map((n) => one<Deployment>(objects, "Deployment", n));
    assert.deepEqual(second?.spec.template.spec, first?.spec.template.spec);
    assert.deepEqual(second?.spec.selector.matchLabels, { app: "user-service", version: "v2" });
    assert.deepEqual(first?.spec.selector.matchLabels, { app: "user-service", version: "v1" });
  });
});

describe("faults", () => {
  it("are those two, in routes that are otherwise as generated", async () => {
    const objects = await render("istio/overlays/faults");
    const expected = {
      "shop.payment.v1.PaymentService/Charge": { delay: { percentage: { value: 100 }, fixedDelay: "1s" } },
      "shop.user.v1.UserService/GetUser": { abort: { percentage: { value: 50 }, grpcStatus: "UNAVAILABLE" } },
    };
    const faults: Record<string, unknown> = {};
    for (const { metadata, spec } of allOf<VirtualService>(objects, "VirtualService")) {
      const before = one<VirtualService>(generated(metadata.name), "VirtualService", metadata.name).spec.http;
      for (const { name, fault } of spec.http) if (fault !== undefined) faults[name] = fault;
      assert.deepEqual(
        spec.http.map(({ fault: _, ...route }) => route),
        before,
      );
    }
    assert.deepEqual(faults, expected);
  });
});
