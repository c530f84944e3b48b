import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { GrpcRequest, HttpRequest, LoadResult } from "../client/protocol.ts";
import { retries } from "../support/envoy.ts";
import { apply, pods, rolledOut } from "../support/kube.ts";
import { controlLog, kubectl } from "../support/lab.ts";
import { agentOf, edge, ORDER, WORKLOADS } from "../support/shop.ts";

const PAUSE_MS = 30;
const FEWEST_CALLS = 10;

type Load = { readonly from: string; readonly request: GrpcRequest | HttpRequest };

/** What customers do, and a charge: the one call between roles that nobody repeats. */
async function customers(): Promise<Load[]> {
  const { rest, grpc } = await edge();
  const json = { "content-type": "application/json" };
  return [
    { from: "outside", request: { url: `${rest}/api/users/7` } },
    { from: "outside", request: { url: `${rest}/api/orders`, method: "POST", headers: json, body: ORDER } },
    { from: "outside", request: { target: grpc, method: "shop.gateway.v1.ShopService/GetUser", message: { id: 7 } } },
  ];
}

const CHARGED = "payment-service";
const CHARGES: Load = {
  from: "order-service",
  request: {
    target: `${CHARGED}:8083`,
    method: "shop.payment.v1.PaymentService/Charge",
    message: {
      idempotencyKey: "load-{n}",
      amount: { minorUnits: "100", currency: "USD" },
      paymentMethod: "tok_ok",
    },
  },
};

/** Keeps the loads up during `change`, and gives what they came to. Every failed call counts: the clients repeat nothing. */
async function under(loads: readonly Load[], change: () => Promise<void>): Promise<LoadResult[]> {
  const running = await Promise.all(
    loads.map(async ({ from, request }) => (await agentOf(from)).load(request, PAUSE_MS)),
  );
  await delay(500);
  const [changed] = await Promise.allSettled([change().then(() => delay(500))]);
  const results = await Promise.all(running.map((load) => load.end()));
  if (changed.status === "rejected") throw changed.reason;
  return results;
}

function assertNoFailure(results: readonly LoadResult[]): void {
  assert.deepEqual(
    results.flatMap(({ failures }) => failures),
    [],
  );
  for (const { calls } of results) assert.ok(calls >= FEWEST_CALLS, `only ${calls} calls`);
}

/** By Pod, how many tries beyond the first its sidecar has made. */
async function sidecarRetries(): Promise<Map<string, number>> {
  const selectors = [...WORKLOADS.map(({ name }) => `app=${name}`), "gateway.networking.k8s.io/gateway-name=edge"];
  const all = (await Promise.all(selectors.map((selector) => pods(selector)))).flat();
  const staying = all.filter(({ ready, ending }) => ready && !ending);
  return new Map(await Promise.all(staying.map(async (pod) => [pod.name, await retries(pod)] as const)));
}

/** All workloads, two at a time: the one that is charged among the first, the one that charges are made from among the last. */
function pairs(): string[][] {
  const others = WORKLOADS.map(({ name }) => name).filter((name) => ![CHARGED, CHARGES.from].includes(name));
  const ordered = [CHARGED, ...others, CHARGES.from];
  return ordered.flatMap((_, i) => (i % 2 === 0 ? [ordered.slice(i, i + 2)] : []));
}

/** Replaces every Pod of a workload, as a new image would, and waits until the old ones are gone. */
async function restart(workload: string): Promise<void> {
  const old = new Set((await pods(`app=${workload}`)).map(({ name }) => name));
  await kubectl(["rollout", "restart", "-n", "shop", `deployment/${workload}`]);
  await rolledOut("shop", [workload]);
  await eventually(
    async () => {
      const left = (await pods(`app=${workload}`)).filter(({ name }) => old.has(name));
      assert.deepEqual(left, []);
    },
    { timeoutMs: 60_000 },
  );
}

describe("a rolling update under load", () => {
  for (const workloads of pairs()) {
    it(`of ${workloads.join(" and ")} fails no call`, async function () {
      this.timeout(150_000);
      const before = await sidecarRetries();
      // Not from Pods that are being replaced.
      const charges = workloads.includes(CHARGES.from) ? [] : [CHARGES];
      const results = await under([...(await customers()), ...charges], async () => {
        await Promise.all(workloads.map(restart));
      });
      const after = await sidecarRetries();
      let retried = 0;
      for (const [pod, count] of after) retried += count - (before.get(pod) ?? 0);
      const calls = results.reduce((sum, result) => sum + result.calls, 0);
      const slowest = Math.max(...results.map(({ slowestMs }) => slowestMs));
      console.log(
        `      ${calls} calls, the slowest ${slowest} ms; ${retried} tried again by sidecars, as the contracts allow`,
      );
      assertNoFailure(results);
    });
  }

  it("let every Pod end by itself within its grace", () => {
    const ours = new RegExp(`shop/(${WORKLOADS.map(({ name }) => name).join("|")})-.*outlived`);
    const killed = readFileSync(controlLog("kubelet"), "utf8")
      .split("\n")
      .filter((line) => ours.test(line));
    assert.deepEqual(killed, []);
  });
});

describe("a change of policy under load disturbs no allowed caller", () => {
  const mode = (mtls: string) => `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: ${mtls}}}
`;

  it("STRICT to PERMISSIVE and back", async () => {
    const results = await under([...(await customers()), CHARGES], async () => {
      await apply(mode("PERMISSIVE"));
      await delay(2000);
      await apply(mode("STRICT"));
      await delay(2000);
    });
    assertNoFailure(results);
  });

  it("another caller is allowed, and no more", async () => {
    const extra = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: extra-caller, namespace: shop}
spec:
  selector: {matchLabels: {app: payment-service}}
  action: ALLOW
  rules: [{from: [{source: {principals: [cluster.local/ns/other-team/sa/api-gateway]}}]}]
`;
    const stranger = await agentOf("other-team");
    const code = async () =>
      (await stranger.grpc({ ...(CHARGES.request as GrpcRequest), target: "payment-service.shop:8083" })).code;
    const results = await under([...(await customers()), CHARGES], async () => {
      await apply(extra);
      await eventually(async () => assert.equal(await code(), "OK"), { timeoutMs: 15_000 });
      await kubectl(["delete", "-n", "shop", "authorizationpolicy", "extra-caller"]);
      await eventually(async () => assert.equal(await code(), "PERMISSION_DENIED"), { timeoutMs: 15_000 });
    });
    assertNoFailure(results);
  });

  it("timeouts and the care for sick replicas", async () => {
    const patch = (kind: string, operations: object[]) =>
      kubectl(["patch", "-n", "shop", kind, "user-service", "--type=json", "-p", JSON.stringify(operations)]);
    const change = async (timeout: string, interval: string) => {
      await patch("virtualservice", [{ op: "replace", path: "/spec/http/0/timeout", value: timeout }]);
      const path = "/spec/trafficPolicy/outlierDetection/interval";
      await patch("destinationrule", [{ op: "replace", path, value: interval }]);
      await delay(2000);
    };
    const results = await under([...(await customers()), CHARGES], async () => {
      await change("1.5s", "6s");
      await change("1s", "5s");
    });
    assertNoFailure(results);
  });
});
