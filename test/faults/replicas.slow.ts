// One of two replicas hangs, dies or is slow while calls come at a steady rate, whatever becomes of those before.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { RoleName } from "../../src/roles.ts";
import { placeOrder } from "../support/orders.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";

const PER_SECOND = 60;
/** Long enough for a connection to be given up and made anew, which the kernel of a hung process still accepts. */
const HUNG_MS = 30_000;
/** Of one role after the other; all of it in a longer run. */
const HUNG_ALONE_MS = process.env.FAULTS_SECONDS ? HUNG_MS : 3000;
/** A hundredth of what is called while a replica hangs. */
const MAY_FAIL = (PER_SECOND * HUNG_MS) / 1000 / 100;
/** Calls that begin later than this after the fault do not suffer. */
const NOTICED_MS = 2000;

const CALLED: readonly RoleName[] = ["user", "order", "payment"];
const SLOW_MS = 5_000;
/** Most calls take less than a tenth of it. */
const SLOW_CALL_MS = 100;

type Outcome = { readonly at: number; readonly ms: number; readonly fault: string | undefined };

/** Calls the gateway at a steady rate for some time. Resolves when all are answered. */
async function load(gateway: string, ms: number): Promise<Outcome[]> {
  const calls: Promise<Outcome>[] = [];
  const begun = performance.now();
  for (let n = 0; n < (ms / 1000) * PER_SECOND; n++) {
    const due = begun + (n * 1000) / PER_SECOND;
    await delay(Math.max(0, due - performance.now()));
    calls.push(call(gateway, n, due));
  }
  return await Promise.all(calls);
}

async function call(gateway: string, n: number, at: number): Promise<Outcome> {
  const response = await (n % 3 === 0
    ? placeOrder(gateway)
    : fetch(`${gateway}/api/${n % 3 === 1 ? "users/1" : "orders?user_id=123&page_size=1"}`));
  const body = await response.text();
  const kind = ["create", "user", "list"][n % 3];
  return { at, ms: performance.now() - at, fault: response.ok ? undefined : `${kind} ${response.status} ${body}` };
}

describe("with two replicas of each role", function () {
  this.timeout(180_000);

  let shop: Replicas;
  let gateway: string;
  const cleanup = new AsyncDisposableStack();

  before(async () => {
    const { url, drop } = await createTestDatabase();
    cleanup.defer(drop);
    shop = await startReplicas({ DATABASE_URL: url, DATABASE_POOL_MAX: "4" });
    cleanup.defer(() => shop.close());
    gateway = `http://127.0.0.1:${shop.ports("gateway")[0]}`;
    await load(gateway, 1000); // every connection stands
  });
  after(() => cleanup.disposeAsync());

  function describeOutcomes(outcomes: readonly Outcome[], brokenAt: number) {
    const failed = outcomes.filter(({ fault }) => fault !== undefined);
    const later = failed.filter(({ at }) => at - brokenAt > NOTICED_MS);
    const slowest = Math.max(...outcomes.map(({ ms }) => ms));
    console.log(`      ${failed.length} of ${outcomes.length} failed; the slowest took ${Math.round(slowest)} ms`);
    return {
      failed: failed.map(
        ({ fault, at, ms }) => `${fault} ${Math.round(at - brokenAt)} ms after, in ${Math.round(ms)} ms`,
      ),
      later,
    };
  }

  async function hang(hung: readonly RoleName[], ms: number): Promise<void> {
    const pids = hung.map((role) => shop.process(role, 0).pid);
    const calls = load(gateway, 1000 + ms);
    await delay(1000);
    const brokenAt = performance.now();
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      const { failed, later } = describeOutcomes(await calls, brokenAt);
      assert.ok(failed.length <= MAY_FAIL, failed.join("\n"));
      assert.deepEqual(later, []);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await load(gateway, 1000);
  }

  it("one of each role that hang, all at once and for half a minute, cost few calls, and after two seconds none", () =>
    hang(CALLED, HUNG_MS));

  for (const role of CALLED) {
    it(`one of the ${role} role that hangs costs few calls, and after two seconds none`, () =>
      hang([role], HUNG_ALONE_MS));

    it(`one of the ${role} role that is killed costs no call`, async () => {
      const calls = load(gateway, 3000);
      await delay(1000);
      const brokenAt = performance.now();
      await shop.process(role, 0).kill("SIGKILL");
      const { failed } = describeOutcomes(await calls, brokenAt);
      assert.deepEqual(failed, []);
      await shop.restart(role, 0);
      await load(gateway, 1000);
    });
  }

  it("one of each role that are ten times slower cost no call", async () => {
    const replace = async (role: RoleName) => {
      await shop.process(role, 0).kill("SIGKILL");
      await shop.restart(role, 0, { FAULT_LATENCY_MS: String(SLOW_CALL_MS) });
    };
    await Promise.all(CALLED.map(replace));
    await load(gateway, 1000);
    const outcomes = await load(gateway, SLOW_MS);
    const { failed } = describeOutcomes(outcomes, performance.now());
    assert.deepEqual(failed, []);
    assert.ok(outcomes.filter(({ ms }) => ms >= SLOW_CALL_MS).length > outcomes.length / 4, "nothing was slow");
  });
});
