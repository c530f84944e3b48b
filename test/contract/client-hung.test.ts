// Servers from which nothing comes: they hang, or what is between drops it. Nothing tells the client so but the silence.
import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
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
