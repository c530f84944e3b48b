import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { eventually } from "../../support/eventually.ts";
import type { GrpcRequest } from "../client/protocol.ts";
import { callsOfPod } from "../support/double-log.ts";
import { hosts } from "../support/envoy.ts";
import { apply, build, pods, readyPod, remove } from "../support/kube.ts";
import { switchBack, switchTo } from "../support/overlay.ts";
import { agentOf, edge, ORDER } from "../support/shop.ts";

const GET_USER: GrpcRequest = {
  target: "user-service:8081",
  method: "shop.user.v1.UserService/GetUser",
  message: { id: 1 },
};

/** How many of the tries that the gateways' sidecars have made went to each version of the user service. */
async function tries(): Promise<{ v1: number; v2: number }> {
  const sum = async (version: string) => {
    const all = await Promise.all(
      (await pods("app=api-gateway")).map((pod) => hosts(pod, `|${version}|user-service.`)),
    );
    return all.flat().reduce((total, { requests }) => total + requests, 0);
  };
  return { v1: await sum("v1"), v2: await sum("v2") };
}

async function triesOf(calls: () => Promise<unknown>): Promise<{ v1: number; v2: number }> {
  const before = await tries();
  await calls();
  const after = await tries();
  return { v1: after.v1 - before.v1, v2: after.v2 - before.v2 };
}

describe("a canary of the user service", () => {
  before(async function () {
    this.timeout(120_000);
    await switchTo("canary");
    const agent = await agentOf("api-gateway");
    await eventually(
      async () => {
        const { v2 } = await triesOf(() => agent.grpcMany({ ...GET_USER, headers: { baggage: "canary=true" } }, 5));
        assert.equal(v2, 5);
      },
      { timeoutMs: 20_000 },
    );
  });

  after(async function () {
    this.timeout(120_000);
    await switchBack("canary");
  });

  it("gets a tenth of the calls", async () => {
    const agent = await agentOf("api-gateway");
    const calls = 1000;
    const { v1, v2 } = await triesOf(async () => {
      const outcomes = await agent.grpcMany(GET_USER, calls, 8);
      assert.ok(outcomes.every(({ code }) => code === "OK"));
    });
    assert.equal(v1 + v2, calls);
    // Four standard deviations of a binomial distribution (1000, 0.1): wrong once in 16 000 runs.
    assert.ok(v2 >= 62 && v2 <= 138, `${v2} of ${calls}`);
  });

  it("gets every call that asks for it, and only whole words count", async () => {
    const agent = await agentOf("api-gateway");
    const call = (baggage: string) => () => agent.grpcMany({ ...GET_USER, headers: { baggage } }, 30);
    assert.deepEqual(await triesOf(call("tenant=a, canary=true;ttl=1")), { v1: 0, v2: 30 });
    const { v1 } = await triesOf(call("canary=trueish"));
    assert.ok(v1 > 10, `${v1} of 30 went to v1`);
  });

  it("gets what calls from outside cause that ask for it: the roles pass the word on", async () => {
    const outside = await agentOf("outside");
    const url = `${(await edge()).rest}/api/users/1`;
    const split = await triesOf(async () => {
      for (let i = 0; i < 20; i++) await outside.http({ url, headers: { baggage: "canary=true" } });
    });
    assert.deepEqual(split, { v1: 0, v2: 20 });
  });
});

describe("faults on purpose", () => {
  before(async function () {
    this.timeout(120_000);
    await switchTo("faults");
  });

  after(async function () {
    this.timeout(120_000);
    await switchBack("faults");
  });

  it("half of the looks at users fail", async () => {
    const agent = await agentOf("api-gateway");
    await eventually(
      async () => {
        const outcomes = await agent.grpcMany(GET_USER, 200, 4);
        const failed = outcomes.filter(({ code }) => code === "UNAVAILABLE").length;
        assert.ok(failed >= 70 && failed <= 130, `${failed} of 200 failed`);
      },
      { timeoutMs: 20_000 },
    );
  });

  it("a charge takes a second longer, and an order goes through when it is repeated with its key", async () => {
    const outside = await agentOf("outside");
    const headers = { "content-type": "application/json", "idempotency-key": randomUUID() };
    const url = `${(await edge()).rest}/api/orders`;
    const done = await eventually(
      async () => {
        const answer = await outside.http({ method: "POST", url, headers, body: ORDER });
        assert.equal(answer.status, 200, answer.body);
        return answer;
      },
      { timeoutMs: 30_000 },
    );
    assert.ok(done.ms >= 1000, `${done.ms} ms`);
  });
});

describe("a replica that fails every call", () => {
  before(async function () {
    this.timeout(60_000);
    await apply(await build("test/mesh/kustomize/sick-replica"));
    await readyPod("version=sick");
  });

  after(async () => {
    await remove(await build("test/mesh/kustomize/sick-replica"));
  });

  it("is put aside, and no call fails meanwhile that may be repeated", async () => {
    const agent = await agentOf("api-gateway");
    const sick = await readyPod("version=sick");
    const codes: string[] = [];
    await eventually(
      async () => {
        codes.push(...(await agent.grpcMany(GET_USER, 100, 4)).map(({ code }) => code));
        const gateways = await pods("app=api-gateway");
        const views = await Promise.all(gateways.map((pod) => hosts(pod, "||user-service.")));
        assert.ok(views.flat().some(({ address, ejected }) => address === sick.ip && ejected));
      },
      { timeoutMs: 40_000 },
    );
    assert.ok(callsOfPod(sick).length >= 20, "it had calls before");
    assert.deepEqual([...new Set(codes)], ["OK"]);

    await eventually(
      async () => {
        const before = callsOfPod(sick).length;
        const rest = await agent.grpcMany(GET_USER, 200, 4);
        assert.deepEqual([...new Set(rest.map(({ code }) => code))], ["OK"]);
        assert.equal(callsOfPod(sick).length - before, 0);
      },
      { timeoutMs: 10_000 },
    );
  });
});
