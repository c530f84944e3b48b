import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { createPeer, type PeerOptions } from "../../src/rpc/client/peer.ts";
import { service } from "../../src/rpc/service.ts";
import { eventually } from "../support/eventually.ts";
import { startGrpcJsServer } from "../support/grpc-js-server.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { ProbeService } from "../support/probe.ts";
import { type ProbeClient, type RunningProbe, startGrpcJsProbe, startOwnProbe } from "../support/probe-client.ts";
import { PROBE_POLICY as policy } from "../support/probe-policy.ts";

/** What a test started, ended in reverse order. */
const cleanups: (() => unknown)[] = [];

async function connect(options: PeerOptions): Promise<ProbeClient> {
  const peer = await createPeer(ProbeService, options);
  cleanups.push(peer.close);
  return peer.client;
}

async function start(starting: Promise<RunningProbe>): Promise<RunningProbe> {
  const probe = await starting;
  cleanups.push(probe.close);
  return probe;
}

const urlOf = ({ port }: { port: number }) => `http://127.0.0.1:${port}`;

describe("a peer", () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it("is called at a URL", async () => {
    const probe = await start(startOwnProbe(1024));
    const client = await connect({ url: urlOf(probe) });
    const { payload } = await client.unary({ payload: { text: "big", n: 100_000 } });
    assert.equal(payload?.blob.length, 100_000);
  });

  it("has a default deadline of 5 s, or another one", async () => {
    const url = urlOf(await start(startOwnProbe()));
    const ask = { payload: { text: "timeout" } };
    assert.equal((await (await connect({ url })).unary(ask)).payload?.n, 5);
    assert.equal((await (await connect({ url, defaultTimeoutMs: 20_000 })).unary(ask)).payload?.n, 20);
  });

  for (const retries of [true, false]) {
    it(`has the deadline of its contract, ${retries ? "with" : "without"} retries, or a shorter one`, async () => {
      const url = urlOf(await start(startOwnProbe()));
      const client = await connect({ url, policy, retries });
      const ask = { payload: { text: "timeout" } };
      assert.equal((await client.unary(ask)).payload?.n, 7);
      assert.equal((await client.unary(ask, { timeoutMs: 20_000 })).payload?.n, 7);
      assert.equal((await client.unary(ask, { timeoutMs: 3_000 })).payload?.n, 3);
      const endless = async function* () {
        yield {};
        await new Promise(() => {});
      };
      const begin = performance.now();
      const failure = await failureOf(client.clientStream(endless()));
      assert.equal(failure.code, Code.DeadlineExceeded);
      const took = performance.now() - begin;
      assert.ok(took > 200 && took < 2000, `${took} ms`);
    });
  }

  for (const [name, startProbe] of [
    ["our server", startOwnProbe],
    ["a grpc-js server", startGrpcJsProbe],
  ] as const) {
    it(`is called again when it is unavailable, three times in all: ${name}`, async () => {
      const probe = await start(startProbe());
      const client = await connect({ url: urlOf(probe), policy });
      assert.equal((await client.unary({ payload: { text: "flaky" } })).payload?.n, 3);
      assert.equal(probe.seen.attempts, 3);
      const failure = await failureOf(countOf(client.serverStream({ payload: { text: "early" } })));
      assert.equal(failure.code, Code.Unavailable);
      assert.equal(failure.rawMessage, "early");
      assert.equal(probe.seen.attempts, 6);
    });
  }

  it("is called once without retries", async () => {
    const probe = await start(startOwnProbe());
    const client = await connect({ url: urlOf(probe), policy, retries: false });
    assert.equal((await failureOf(client.unary({ payload: { text: "flaky" } }))).rawMessage, "try again");
    assert.equal(probe.seen.attempts, 1);
  });

  it("is called once where its contract gives no retries, and less often when it stays unavailable", async () => {
    const attempts = { unary: 0, clientStream: 0 };
    const busy = (method: keyof typeof attempts) => () => {
      attempts[method]++;
      throw new ConnectError("busy", Code.Unavailable);
    };
    const probe = service(ProbeService, { unary: busy("unary"), clientStream: busy("clientStream") });
    const server = await startGrpcJsServer(probe);
    cleanups.push(server.close);
    const client = await connect({ url: urlOf(server), policy });
    const once = async function* () {
      yield {};
    };
    assert.equal((await failureOf(client.clientStream(once()))).rawMessage, "busy");
    assert.equal(attempts.clientStream, 1);
    for (let call = 0; call < 10; call++) await failureOf(client.unary({}));
    assert.ok(attempts.unary > 10 && attempts.unary < 20, `${attempts.unary} attempts in 10 calls`);
  });

  it("that cannot be reached gives an error with the address in its cause only", async () => {
    const probe = await startOwnProbe();
    await probe.close();
    const client = await connect({ url: urlOf(probe) });
    const failure = await failureOf(client.unary({}));
    assert.equal(failure.code, Code.Unavailable);
    assert.equal(failure.rawMessage, "the service cannot be reached");
    assert.match(
      (failure.cause as Error).message,
      new RegExp(`^/probe.v1.ProbeService/Unary: .*ECONNREFUSED 127.0.0.1:${probe.port}`),
    );
  });

  it("that is too slow gives an error with what is known in its cause only", async () => {
    const probe = await start(startOwnProbe());
    const client = await connect({ url: urlOf(probe) });
    await client.unary({});
    const failure = await failureOf(client.unary({ payload: { text: "wait" } }, { timeoutMs: 100 }));
    assert.equal(failure.code, Code.DeadlineExceeded);
    assert.equal(failure.rawMessage, "the operation timed out");
    assert.match((failure.cause as Error).message, /^\/probe.v1.ProbeService\/Unary: ./);
  });

  it("that restarts is found again within about a second", async () => {
    const first = await startGrpcJsProbe();
    const client = await connect({ url: urlOf(first), retries: false });
    await client.unary({});
    first.close();
    await eventually(async () => {
      assert.equal((await failureOf(client.unary({}))).rawMessage, "the service cannot be reached");
    });
    const second = await start(startGrpcJsProbe(`127.0.0.1:${first.port}`));
    await eventually(() => client.unary({}), { timeoutMs: 2000 });
    assert.equal(second.seen.attempts, 1);
  });

  it("that starts late is waited for, if asked", async () => {
    const directory = await mkdtemp(join(tmpdir(), "peer-"));
    cleanups.push(() => rm(directory, { recursive: true }));
    const url = `unix:${join(directory, "probe.sock")}`;
    const hasty = await connect({ url });
    const patient = await connect({ url, waitForReady: true });
    const call = patient.unary({ payload: { n: 1 } });
    assert.equal((await failureOf(hasty.unary({}))).code, Code.Unavailable);
    await start(startGrpcJsProbe(url));
    assert.equal((await call).payload?.n, 2);
  });

  it("with two addresses is called at both in turn", async () => {
    const probes = [await start(startOwnProbe()), await start(startGrpcJsProbe())];
    const client = await connect({ url: `ipv4:${probes.map(({ port }) => `127.0.0.1:${port}`).join()}` });
    const attempts = () => probes.map(({ seen }) => seen.attempts);
    await eventually(async () => {
      await client.unary({});
      assert.ok(Math.min(...attempts()) > 0, "not connected to both");
    });
    const before = attempts();
    for (let call = 0; call < 10; call++) await client.unary({});
    assert.deepEqual(
      attempts(),
      before.map((n) => n + 5),
    );
  });

  it("that is closed gives UNAVAILABLE, and streams reject instead of throwing", async () => {
    const probe = await start(startOwnProbe());
    const { client, close } = await createPeer(ProbeService, { url: urlOf(probe) });
    await client.unary({});
    close();
    close();
    for (const call of [client.unary({}), countOf(client.serverStream({}))]) {
      const failure = await failureOf(call);
      assert.equal(failure.code, Code.Unavailable);
      assert.equal(failure.rawMessage, "the client is closed");
    }
  });

  it("that is closed during a call lets the call end", async () => {
    const probe = await start(startOwnProbe());
    const { client, close } = await createPeer(ProbeService, { url: urlOf(probe) });
    const call = client.unary({ payload: { text: "slow", n: 50 } });
    await eventually(() => assert.equal(probe.seen.attempts, 1));
    close();
    assert.equal((await call).payload?.n, 51);
  });
});
