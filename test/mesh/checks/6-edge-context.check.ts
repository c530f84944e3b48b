// What strangers do not decide: which traces are recorded, and what the roles hear from them.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { eventually } from "../../support/eventually.ts";
import { callsOf } from "../support/double-log.ts";
import { kubectl } from "../support/lab.ts";
import { switchBack, switchTo } from "../support/overlay.ts";
import { agentOf, edge } from "../support/shop.ts";
import { spansOf } from "../support/traces.ts";

const hex = (bytes: number) => randomBytes(bytes).toString("hex");

/** Calls from outside with these headers. Gives the trace that the shop says it has made of it. */
async function call(headers: Record<string, string> = {}): Promise<{ id: string; sampled: boolean }> {
  const outside = await agentOf("outside");
  const answer = await outside.http({ url: `${(await edge()).rest}/api/users/1`, headers });
  assert.equal(answer.status, 200, answer.body);
  const [, id = "", , flags = ""] = (answer.headers.traceresponse ?? "").split("-");
  return { id, sampled: flags === "01" };
}

async function sample(percentage: number): Promise<void> {
  const patch = [{ op: "replace", path: "/spec/tracing/0/randomSamplingPercentage", value: percentage }];
  await kubectl(["patch", "-n", "shop", "telemetry", "shop", "--type=json", "-p", JSON.stringify(patch)]);
  await eventually(
    async () => {
      const calls = await Promise.all(Array.from({ length: 5 }, () => call()));
      assert.deepEqual(
        calls.map(({ sampled }) => sampled),
        calls.map(() => percentage === 100),
      );
    },
    { timeoutMs: 20_000 },
  );
}

/** Waits until the collector has a trace whole: the edge's part of it and the role's. */
async function recorded(id: string): Promise<void> {
  await eventually(
    async () => {
      const services = new Set((await spansOf(id)).map(({ service }) => service));
      for (const service of ["edge-istio.shop", "api-gateway.shop", "api-gateway"])
        assert.ok(services.has(service), service);
    },
    { timeoutMs: 20_000 },
  );
}

describe("a stranger at the edge", () => {
  after(() => sample(100));

  it("has no trace left out, and makes no trace part of another's", async () => {
    const strange = hex(16);
    const { id, sampled } = await call({ traceparent: `00-${strange}-${hex(8)}-00`, tracestate: "other=1" });
    assert.deepEqual({ sampled, same: id === strange }, { sampled: true, same: false });
    await recorded(id);
    assert.deepEqual(await spansOf(strange), []);
  });

  it("has no trace recorded beyond the share that is sampled", async () => {
    await sample(0);
    const demands: Record<string, string>[] = [
      { traceparent: `00-${hex(16)}-${hex(8)}-01` },
      { traceparent: `00-${hex(16)}-${hex(8)}-01`, tracestate: "ot=th:0" },
      { "x-client-trace-id": hex(16) },
      { "x-envoy-force-trace": "true" },
      { "x-b3-traceid": hex(16), "x-b3-spanid": hex(8), "x-b3-sampled": "1" },
    ];
    const traces = [];
    for (const demand of [...demands, ...demands, ...demands]) traces.push(await call(demand));
    assert.deepEqual(
      traces.filter(({ sampled }) => sampled),
      [],
    );
    // Spans are sent in the order of their ends: when a later trace is there, those would be.
    await sample(100);
    await recorded((await call()).id);
    const ids = [
      ...traces.map(({ id }) => id),
      ...demands.flatMap(({ traceparent }) => traceparent?.split("-")[1] ?? []),
    ];
    for (const id of ids) assert.deepEqual(await spansOf(id), []);
  });
});

describe("baggage from a stranger", () => {
  before(async function () {
    this.timeout(120_000);
    await switchTo("doubles");
  });

  after(async function () {
    this.timeout(120_000);
    await switchBack("doubles");
  });

  const heard = async (baggage: string | undefined, more: Record<string, string> = {}) => {
    const outside = await agentOf("outside");
    const id = randomInt(1e6, 1e9);
    const headers = { ...(baggage === undefined ? {} : { baggage }), ...more };
    const url = `${(await edge()).rest}/api/users/${id}`;
    await eventually(async () => assert.equal((await outside.http({ url, headers })).status, 200), {
      timeoutMs: 20_000,
    });
    return [...new Set((await callsOf("user-service", String(id))).map((one) => one.baggage))];
  };

  it("reaches the roles no further than canary=true", async () => {
    assert.deepEqual(await heard("canary=true"), ["canary=true"]);
    assert.deepEqual(await heard("tenant=a, canary=true;ttl=1,user=admin"), ["canary=true"]);
    assert.deepEqual(await heard(`filler=${"x".repeat(7000)},canary=true`), ["canary=true"]);
    const others = ["tenant=a", "canary=trueish", "tenant=canary=true", "notcanary=true", "x".repeat(7000), ""];
    for (const baggage of others) assert.deepEqual(await heard(baggage), [""], baggage.slice(0, 50));
    assert.deepEqual(await heard(undefined, { "x-edge-baggage": "canary=true" }), [""]);
  });
});
