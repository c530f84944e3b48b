import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { PayloadSchema } from "../gen/probe/v1/probe_pb.js";
import { eventually } from "../support/eventually.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { describeClient } from "../support/probe-client.ts";

const repeated = async function* (count: number, payload: { text?: string; blob?: Uint8Array } = {}) {
  for (let n = 0; n < count; n++) yield { payload: { n, ...payload } };
};

describeClient("the client's server streams", (fixture) => {
  it("give all messages in order, with headers and trailers", async () => {
    const seen: Record<string, string | null> = {};
    const numbers: (number | undefined)[] = [];
    const stream = fixture.client.serverStream(
      { payload: { n: 30, text: "metadata" } },
      {
        headers: { "x-in": "v" },
        onHeader: (header) => {
          seen.header = header.get("x-out");
        },
        onTrailer: (trailer) => {
          seen.trailer = trailer.get("x-trail");
        },
      },
    );
    for await (const { payload } of stream) numbers.push(payload?.n);
    assert.deepEqual(numbers, [...Array(30).keys()]);
    assert.deepEqual(seen, { header: `${fixture.xIn}!`, trailer: "t" });
  });

  it("may be empty", async () => {
    assert.equal(await countOf(fixture.client.serverStream({})), 0);
  });

  it("may be long", async () => {
    assert.equal(await countOf(fixture.client.serverStream({ payload: { n: 10_000 } })), 10_000);
  });

  it("fail after messages, with details", async () => {
    const failure = await failureOf(countOf(fixture.client.serverStream({ payload: { n: 3, text: "error" } })));
    assert.equal(failure.code, Code.NotFound);
    assert.deepEqual(failure.findDetails(PayloadSchema), [create(PayloadSchema, { text: "detail" })]);
  });

  it("give what came before the deadline", async () => {
    let n = 0;
    const stream = fixture.client.serverStream({ payload: { n: 3, text: "wait" } }, { timeoutMs: 200 });
    const failure = await failureOf(countOf(stream, () => n++));
    assert.equal(failure.code, Code.DeadlineExceeded);
    assert.equal(n, 3);
  });

  it("make the server wait for a consumer that is slow", async () => {
    const { seen } = fixture.probe;
    const before = seen.yielded;
    let ahead = 0;
    const n = await countOf(fixture.client.serverStream({ payload: { n: 2000, text: "fat" } }), async (n) => {
      if (n === 100) ahead = (await settled(() => seen.yielded)) - before;
    });
    assert.equal(n, 2000);
    assert.ok(ahead < 1500, `${ahead} messages of 10 KB were sent to a consumer that took 100`);
  });
});

describeClient("the client's client streams", (fixture) => {
  it("send all messages", async () => {
    assert.equal((await fixture.client.clientStream(repeated(4))).payload?.n, 4);
    assert.equal((await fixture.client.clientStream(repeated(0))).payload?.n, 0);
    const long = repeated(5_000, { blob: new Uint8Array(200) });
    assert.equal((await fixture.client.clientStream(long)).payload?.n, 5_000);
  });

  for (const [text, expected] of [
    ["error", Code.NotFound],
    ["stop", undefined],
  ] as const) {
    it(`close the caller's iterator when the server answers early: ${text}`, async () => {
      let taken = 0;
      let closed = false;
      const endless = async function* () {
        try {
          for (; ; taken++) yield { payload: { text } };
        } finally {
          closed = true;
        }
      };
      const call = fixture.client.clientStream(endless());
      if (expected === undefined) assert.equal((await call).payload?.n, -1);
      else assert.equal((await failureOf(call)).code, expected);
      await eventually(() => assert.ok(closed));
      assert.ok(taken < 20_000, `${taken} messages taken: the answer had to wait for them`);
    });
  }

  it("fail with what the caller's iterator throws", async () => {
    const failing = async function* () {
      yield {};
      throw new Error("no more");
    };
    const failure = await failureOf(fixture.client.clientStream(failing()));
    assert.equal(failure.code, Code.Unknown);
    assert.equal(failure.rawMessage, "no more");
  });

  it("wait for a server that is slow", async () => {
    const { seen } = fixture.probe;
    const before = seen.received;
    const controller = new AbortController();
    let ahead = 0;
    const endless = async function* () {
      for (let sent = 0; ; sent++) {
        const received = seen.received - before;
        ahead = Math.max(ahead, sent - received);
        if (received > 100) controller.abort();
        yield { payload: { text: "slow", blob: new Uint8Array(10_000) } };
      }
    };
    const failure = await failureOf(fixture.client.clientStream(endless(), { signal: controller.signal }));
    assert.equal(failure.code, Code.Canceled);
    assert.ok(ahead < 1500, `${ahead} messages of 10 KB were taken ahead of the server`);
  });
});

describeClient("the client's bidirectional streams", (fixture) => {
  it("send and receive by turns", async () => {
    const turns = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const answers: (number | undefined)[] = [];
    const questions = async function* () {
      for (const [n, turn] of turns.entries()) {
        yield { payload: { n: n + 1 } };
        await turn.promise;
      }
    };
    for await (const { payload } of fixture.client.bidiStream(questions())) {
      answers.push(payload?.n);
      turns[answers.length - 1]?.resolve();
    }
    assert.deepEqual(answers, [2, 4]);
  });

  it("may be empty", async () => {
    assert.equal(await countOf(fixture.client.bidiStream(repeated(0))), 0);
  });

  it("end when the server ends them, and close the caller's iterator", async () => {
    let closed = false;
    const endless = async function* () {
      try {
        for (;;) yield { payload: { text: "stop" } };
      } finally {
        closed = true;
      }
    };
    assert.equal(await countOf(fixture.client.bidiStream(endless())), 1);
    await eventually(() => assert.ok(closed));
  });
});

/** The value, once it stays the same. */
async function settled(read: () => number): Promise<number> {
  let last = read();
  let repeats = 0;
  return eventually(() => {
    const value = read();
    repeats = value === last ? repeats + 1 : 0;
    last = value;
    assert.ok(repeats >= 7, "the value still changes");
    return value;
  });
}
