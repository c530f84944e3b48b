import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { eventually } from "../support/eventually.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { describeClient } from "../support/probe-client.ts";

const WAIT = { payload: { text: "wait" } };

describeClient("the client's deadlines", (fixture) => {
  it("end a call, here and at the server", async () => {
    const { seen } = fixture.probe;
    const before = seen.aborts.length;
    const failure = await failureOf(fixture.client.unary(WAIT, { timeoutMs: 100 }));
    assert.equal(failure.code, Code.DeadlineExceeded);
    assert.equal(failure.rawMessage, "the operation timed out");
    await eventually(() => assert.equal(seen.aborts.length, before + 1));
  });

  it("travel to the server", async () => {
    const ask = { payload: { text: "timeout" } };
    assert.equal((await fixture.client.unary(ask, { timeoutMs: 50_000 })).payload?.n, 50);
    assert.equal((await fixture.client.unary(ask)).payload?.n, -1);
  });

  it("have a default, which a call may lift", async () => {
    const ask = { payload: { text: "timeout" } };
    const client = fixture.connect({ defaultTimeoutMs: 70_000 });
    assert.equal((await client.unary(ask)).payload?.n, 70);
    assert.equal((await client.unary(ask, { timeoutMs: 0 })).payload?.n, -1);
  });
});

describeClient("the client's signals", (fixture) => {
  it("end a call, here and at the server", async () => {
    const { seen } = fixture.probe;
    const before = { ...seen, aborts: seen.aborts.length };
    const controller = new AbortController();
    const call = failureOf(fixture.client.unary(WAIT, { signal: controller.signal }));
    await eventually(() => assert.equal(seen.attempts, before.attempts + 1));
    controller.abort();
    assert.equal((await call).code, Code.Canceled);
    await eventually(() => assert.equal(seen.aborts.length, before.aborts + 1));
  });

  it("end a stream, here and at the server", async () => {
    const { seen } = fixture.probe;
    const before = { ...seen };
    const controller = new AbortController();
    let n = 0;
    const stream = fixture.client.serverStream({ payload: { n: 500, text: "slow" } }, { signal: controller.signal });
    const failure = await failureOf(
      countOf(stream, () => {
        n++;
        if (n === 3) controller.abort();
      }),
    );
    assert.equal(failure.code, Code.Canceled);
    assert.equal(n, 3);
    await eventually(() => assert.equal(seen.finished, before.finished + 1));
    assert.ok(
      seen.yielded - before.yielded < 100,
      `${seen.yielded - before.yielded} messages after an abort at the third`,
    );
  });

  it("that have aborted before let nothing be sent", async () => {
    const { attempts } = fixture.probe.seen;
    const signal = AbortSignal.abort();
    assert.equal((await failureOf(fixture.client.unary(WAIT, { signal }))).code, Code.Canceled);
    assert.equal((await failureOf(countOf(fixture.client.serverStream(WAIT, { signal })))).code, Code.Canceled);
    await fixture.client.unary({}); // on the same connection, so it would have come later
    assert.equal(fixture.probe.seen.attempts, attempts + 1);
  });

  it("give their reason", async () => {
    const reasons: [unknown, Code, string][] = [
      [new ConnectError("mine", Code.Aborted), Code.Aborted, "mine"],
      [new Error("why"), Code.Canceled, "why"],
    ];
    for (const [reason, code, message] of reasons) {
      const controller = new AbortController();
      const call = failureOf(fixture.client.unary(WAIT, { signal: controller.signal }));
      controller.abort(reason);
      const failure = await call;
      assert.equal(failure.code, code);
      assert.equal(failure.rawMessage, message);
    }
  });

  it("of AbortSignal.timeout cancel, as in Connect", async () => {
    const failure = await failureOf(fixture.client.unary(WAIT, { signal: AbortSignal.timeout(30) }));
    assert.equal(failure.code, Code.Canceled);
  });

  it("keep no listener of calls that are over", async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 5; i++) {
      await fixture.client.unary({}, { signal, timeoutMs: 5000 });
      await countOf(fixture.client.serverStream({ payload: { n: 2 } }, { signal, timeoutMs: 5000 }));
      await failureOf(fixture.client.unary({ payload: { text: "error" } }, { signal }));
      await failureOf(countOf(fixture.client.serverStream({ payload: { text: "error" } }, { signal })));
    }
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });
});

describeClient("the client's callers", (fixture) => {
  it("keep their async context", async () => {
    const storage = new AsyncLocalStorage<number>();
    const contextAfterCalls = async () => {
      await fixture.client.unary({});
      const afterUnary = storage.getStore();
      await countOf(fixture.client.serverStream({ payload: { n: 3 } }));
      return [afterUnary, storage.getStore()];
    };
    const ids = [...Array(50).keys()];
    const contexts = await Promise.all(ids.map((id) => storage.run(id, contextAfterCalls)));
    assert.deepEqual(
      contexts,
      ids.map((id) => [id, id]),
    );
  });
});
