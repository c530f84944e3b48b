// Servers from which nothing comes: they hang, or what is between drops it. Nothing tells the client so but the silence.
import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { createPeer } from "../../src/rpc/client/peer.ts";
import { eventually } from "../support/eventually.ts";
import { ProbeService } from "../support/probe.ts";
import { PROBE_POLICY as policy } from "../support/probe-policy.ts";
import { answer, type Script, startScriptedServer } from "../support/scripted-server.ts";
import { type StallingProxy, startStallingProxy } from "../support/stalling-proxy.ts";

const cleanups: (() => unknown)[] = [];

async function serve(script: Script) {
  const server = await startScriptedServer(script);
  cleanups.push(server.close);
  return server;
}

async function startProxy(port: number): Promise<StallingProxy> {
  const proxy = await startStallingProxy(port);
  cleanups.push(proxy.close);
  return proxy;
}

/** Its calls have five seconds; `retries` as the policy has them. */
async function connect(ports: readonly number[], retries = true) {
  const url = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join()}`;
  const { client, close } = await createPeer(ProbeService, { url, policy, retries });
  cleanups.push(close);
  return client;
}

/** The code with which a call fails; undefined if it does not. */
const codeOf = (call: Promise<unknown>): Promise<Code | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => ConnectError.from(error).code,
  );

/** Longer than a server need not be heard of. */
const STALE_MS = 1100;

const soon = (stream: ServerHttp2Stream) => answer(stream);

describe("a server that hangs", () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  /** Two servers, whose connections stand; the first one hangs from now on. */
  async function startWithHung(retries: boolean) {
    const servers = [await serve(soon), await serve(soon)] as const;
    const proxy = await startProxy(servers[0].port);
    const client = await connect([proxy.port, servers[1].port], retries);
    await eventually(async () => {
      await client.unary({});
      assert.ok(servers.every(({ calls }) => calls > 0));
    });
    proxy.stall();
    return { servers, client };
  }

  it("costs a call that may be repeated less than a second, and those after it nothing", async () => {
    const { servers, client } = await startWithHung(true);
    const begun = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => client.unary({})));
    assert.ok(performance.now() - begun < 1000, `${performance.now() - begun} ms`);
    const { calls } = servers[1];
    const later = performance.now();
    for (let i = 0; i < 10; i++) await client.unary({});
    assert.ok(performance.now() - later < 150, `${performance.now() - later} ms`);
    assert.equal(servers[1].calls, calls + 10);
  });

  it("keeps a call that may not be repeated, up to its deadline", async () => {
    const { client } = await startWithHung(false);
    const calls = [1, 2].map(() => client.unary({}, { timeoutMs: 1500 }));
    const codes = await Promise.all(calls.map((call) => codeOf(call)));
    assert.deepEqual(codes.toSorted(), [undefined, Code.DeadlineExceeded].toSorted());
  });

  it("that has not been heard of for a second is asked before it gets a call: none that may not be repeated is lost", async () => {
    const { servers, client } = await startWithHung(false);
    await delay(STALE_MS);
    const { calls } = servers[1];
    for (let i = 0; i < 4; i++) {
      const begun = performance.now();
      await client.unary({}, { timeoutMs: 1500 });
      assert.ok(performance.now() - begun < 500, `${performance.now() - begun} ms`);
    }
    assert.equal(servers[1].calls, calls + 4);
    assert.deepEqual(
      servers.map(({ sessions }) => sessions.length),
      [1, 1],
    );
  });

  it("gets its call all the same, if there is no other that answers", async () => {
    const servers = [await serve(soon), await serve(soon)] as const;
    const proxies = [await startProxy(servers[0].port), await startProxy(servers[1].port)];
    const client = await connect(
      proxies.map(({ port }) => port),
      false,
    );
    await eventually(async () => {
      await client.unary({});
      assert.ok(servers.every(({ calls }) => calls > 0));
    });
    const before = servers[0].calls + servers[1].calls;
    for (const proxy of proxies) proxy.stall();
    await delay(STALE_MS);
    assert.equal(await codeOf(client.unary({}, { timeoutMs: 1000 })), Code.DeadlineExceeded);
    assert.equal(servers[0].calls + servers[1].calls, before + 1);
  });

  it("is asked no more than once without traffic between", async () => {
    let pings = 0;
    const servers = [await serve((stream, n) => (n === 1 ? answer(stream) : undefined)), await serve(soon)];
    const client = await connect(
      servers.map(({ port }) => port),
      false,
    );
    await eventually(async () => {
      await client.unary({});
      assert.ok(servers.every(({ calls }) => calls > 0));
    });
    servers[0]!.sessions[0]!.on("ping", () => pings++);
    for (let i = 0; i < 4; i++) {
      await delay(STALE_MS);
      for (let j = 0; j < 2; j++) await codeOf(client.unary({}, { timeoutMs: 50 }));
    }
    // Before the first call to which nothing came back, and after each of them.
    assert.ok(pings > 0 && pings <= 5, `${pings}`);
  });

  it("is waited for where there is no other", async () => {
    const server = await serve(soon);
    const proxy = await startProxy(server.port);
    const client = await connect([proxy.port]);
    await client.unary({});
    proxy.stall();
    const code = await codeOf(client.unary({}, { timeoutMs: 1000 }));
    assert.equal(code, Code.DeadlineExceeded);
    assert.equal(server.sessions.length, 1);
  });

  it("is told from one that is slow, by one ping: pings without traffic between are held for an attack", async () => {
    let pings = 0;
    const server = await serve((stream) => {
      stream.session!.on("ping", () => pings++);
      setTimeout(soon, 1200, stream);
    });
    const client = await connect([server.port]);
    await client.unary({});
    assert.equal(server.calls, 1);
    assert.equal(pings, 1);
  });
});
