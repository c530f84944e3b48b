import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { policies } from "../../../gen/mesh/policies.js";
import { eventually } from "../../support/eventually.ts";
import type { GrpcOutcome, HttpOutcome } from "../client/protocol.ts";
import { callsOf } from "../support/double-log.ts";
import { switchBack, switchTo } from "../support/overlay.ts";
import { agentOf, edge } from "../support/shop.ts";

const GET_USER = "shop.user.v1.UserService/GetUser";
const CHARGE = "shop.payment.v1.PaymentService/Charge";
const REFUND = "shop.payment.v1.PaymentService/Refund";
/** A timeout that one sidecar sees, and the same timeout as the other sidecar sees it. */
const TIMED_OUT = ["DEADLINE_EXCEEDED", "UNAVAILABLE"];
const CLOCK_MARGIN_MS = 250;

/** How many tries a method's contract allows in all. */
function triesOf(method: string): number {
  const [service = "", name] = method.split("/");
  const config = policies[service]?.serviceConfig.methodConfig.find((c) => c.name.some((n) => n.method === name));
  return config?.retryPolicy?.maxAttempts ?? 1;
}

function timeoutOf(method: string): number {
  const [service = ""] = method.split("/");
  return policies[service]?.methods[`/${method}`]?.timeoutMs ?? 0;
}

async function charge(headers: Record<string, string>, timeoutMs?: number): Promise<GrpcOutcome> {
  const message = {
    idempotencyKey: randomUUID(),
    amount: { minorUnits: "100", currency: "USD" },
    paymentMethod: "tok_ok",
  };
  const agent = await agentOf("order-service");
  return agent.grpc({ target: "payment-service:8083", method: CHARGE, message, headers, timeoutMs });
}

async function getUser(headers: Record<string, string>): Promise<GrpcOutcome> {
  const agent = await agentOf("api-gateway");
  return agent.grpc({ target: "user-service:8081", method: GET_USER, message: { id: 1 }, headers });
}

async function order(card: string): Promise<HttpOutcome> {
  const outside = await agentOf("outside");
  return outside.http({
    method: "POST",
    url: `${(await edge()).rest}/api/orders`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user_id: 1, items: [{ product_id: 1, quantity: 1, price: 5 }], payment_method: card }),
  });
}

describe("retries and timeouts, as the contracts say and the sidecars do", () => {
  before(async function () {
    this.timeout(120_000);
    await switchTo("doubles");
    // The sidecars have heard of the doubles when calls end up there alone.
    await eventually(
      async () => {
        const name = randomUUID();
        const outcomes = [await getUser({ "x-case": name }), await charge({ "x-case": name })];
        assert.deepEqual(
          outcomes.map(({ code }) => code),
          ["OK", "OK"],
        );
        assert.equal((await callsOf("user-service", name)).length + (await callsOf("payment-service", name)).length, 2);
      },
      { timeoutMs: 20_000 },
    );
  });

  after(async function () {
    this.timeout(120_000);
    await switchBack("doubles");
  });

  it("the sidecar repeats a call that may be repeated, as often as its contract says", async () => {
    const tries = triesOf(GET_USER);
    assert.equal(tries, 3);
    const [hidden, shown] = [randomUUID(), randomUUID()];
    const last = await getUser({ "x-case": hidden, "x-fail-first": String(tries - 1) });
    const none = await getUser({ "x-case": shown, "x-fail-first": String(tries) });
    assert.deepEqual([last.code, none.code], ["OK", "UNAVAILABLE"]);
    assert.deepEqual(
      [(await callsOf("user-service", hidden)).length, (await callsOf("user-service", shown)).length],
      [tries, tries],
    );
  });

  for (const { method, content } of [
    { method: CHARGE, content: { amount: { minorUnits: "100", currency: "USD" }, paymentMethod: "tok_ok" } },
    { method: REFUND, content: {} },
  ]) {
    it(`${method} is tried once`, async () => {
      assert.equal(triesOf(method), 1);
      const name = randomUUID();
      const agent = await agentOf("order-service");
      const message = { idempotencyKey: name, ...content };
      const headers = { "x-case": name, "x-fail-first": "1" };
      const { code } = await agent.grpc({ target: "payment-service:8083", method, message, headers });
      assert.equal(code, "UNAVAILABLE");
      await delay(500); // long enough for the second try that must not come
      assert.equal((await callsOf("payment-service", name)).length, 1);
    });
  }

  it("a timeout ends a call at its time, all tries included", async () => {
    const timeoutMs = timeoutOf(GET_USER);
    const { code, ms } = await getUser({ "x-delay-ms": String(timeoutMs + 1000) });
    assert.ok(TIMED_OUT.includes(code), code);
    assert.ok(ms >= timeoutMs - 50 && ms < timeoutMs + 700, `${ms} ms`);
  });

  it("a timed-out charge is tried once, whichever sidecar ends it; a caller without a deadline gets either code", async () => {
    const names = Array.from({ length: 12 }, () => randomUUID());
    const timeoutMs = timeoutOf(CHARGE);
    const late = String(timeoutMs + 1000);
    const outcomes = await Promise.all(names.map((name) => charge({ "x-case": name, "x-delay-ms": late })));
    for (const { code, ms, message } of outcomes) {
      assert.ok(TIMED_OUT.includes(code), `${code} ${message}`);
      assert.ok(ms >= timeoutMs - 50 && ms < timeoutMs + 1000, `${ms} ms`);
    }
    const calls = await Promise.all(names.map((name) => callsOf("payment-service", name)));
    const counts = calls.map(({ length }) => length);
    assert.deepEqual(counts, new Array(names.length).fill(1));
  });

  it("a caller with a deadline can tell a timeout from a failure by its clock, not by the code", async () => {
    const deadlineMs = timeoutOf(CHARGE) - 500;
    const failed = await charge({ "x-case": randomUUID(), "x-fail-first": "1" }, deadlineMs);
    assert.ok(failed.code === "UNAVAILABLE" && failed.ms < deadlineMs / 2, `${failed.code} after ${failed.ms} ms`);

    // The sidecar reads the deadline from the call and keeps it too, so that it may answer a moment before the caller's own timer.
    const calls = Array.from({ length: 20 }, () => charge({ "x-delay-ms": String(deadlineMs + 1000) }, deadlineMs));
    for (const { code, ms } of await Promise.all(calls)) {
      assert.ok(TIMED_OUT.includes(code) && Math.abs(ms - deadlineMs) < CLOCK_MARGIN_MS, `${code} after ${ms} ms`);
    }
  });

  for (const card of ["tok_unavailable", "tok_slow"]) {
    it(`an order with ${card} asks for its money under one key, once a try of the order`, async () => {
      const before = (await callsOf("payment-service")).length;
      assert.equal((await order(card)).status, 503);
      const charges = (await callsOf("payment-service")).slice(before).map(({ method, key }) => `${method} ${key}`);
      assert.equal(new Set(charges).size, 1, charges.join("\n"));
      assert.ok(charges.length <= triesOf("shop.order.v1.OrderService/CreateOrder"), charges.join("\n"));
    });
  }
});
