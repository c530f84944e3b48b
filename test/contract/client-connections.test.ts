// What the client makes of connections that servers limit, end and forget.
import assert from "node:assert/strict";
import { once } from "node:events";
import { constants, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import type { ChannelOptions } from "../../src/rpc/client/channel-options.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { eventually } from "../support/eventually.ts";
import { countOf, failureOf } from "../support/outcomes.ts";
import { ProbeService } from "../support/probe.ts";
import type { ProbeClient } from "../support/probe-client.ts";
import { startProbeServer } from "../support/probe-server.ts";
import { answer, begin, type Script, startScriptedServer } from "../support/scripted-server.ts";
import { startStallingProxy } from "../support/stalling-proxy.ts";

const cleanups: (() => unknown)[] = [];

async function serve(script: Script, settings = {}) {
  const server = await startScriptedServer(script, { settings });
  cleanups.push(server.close);
  return server;
}

function connect(ports: readonly number[], channelOptions: ChannelOptions = {}, waitForReady = false): ProbeClient {
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join()}`;
  const transport = createGrpcTransport({ target, channelOptions, waitForReady });
  cleanups.push(transport.close);
  return createClient(ProbeService, transport);
}

const many = (client: ProbeClient, count: number) => Promise.all(Array.from({ length: count }, () => client.unary({})));

describe("the client's connections", () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it("are as many as the server's limit of calls needs, and calls beyond that wait for their turn", async () => {
    let now = 0;
    let most = 0;
    const held: ServerHttp2Stream[] = [];
    const server = await serve(
      (stream) => {
        most = Math.max(most, ++now);
        stream.on("close", () => now--);
        held.push(stream);
        setImmediate(() => answer(held.shift()!));
      },
      { maxConcurrentStreams: 2 },
    );
    const client = connect([server.port]);
    await many(client, 100);
    assert.ok(server.sessions.length > 1 && server.sessions.length <= 8, `${server.sessions.length} connections`);
    assert.ok(most <= 2 * server.sessions.length, `${most} calls at once`);
  });

  it("that are used up by calls without end do not hold up others", async () => {
    const server = await serve((stream, n) => (n > 2 ? answer(stream) : undefined), { maxConcurrentStreams: 2 });
    const client = connect([server.port]);
    const abort = new AbortController();
    const endless = [1, 2].map(() => failureOf(client.unary({}, { signal: abort.signal })));
    await eventually(() => assert.equal(server.calls, 2));
    await many(client, 3);
    abort.abort();
    await Promise.all(endless);
  });

  it("that streams without end may have leave one to others, also to those that wait behind streams", async () => {
    const server = await serve(
      (stream, n, header) => (String(header[":path"]).endsWith("/Unary") ? answer(stream, n) : begin(stream)),
      { maxConcurrentStreams: 2 },
    );
    const client = connect([server.port]);
    const abort = new AbortController();
    const endless = Array.from({ length: 40 }, () =>
      failureOf(countOf(client.serverStream({}, { signal: abort.signal }))),
    );
    await eventually(() => assert.equal(server.calls, 14)); // two on each connection but the last
    await many(client, 20);
    assert.equal(server.sessions.length, 8);
    assert.equal(server.calls, 14 + 20);
    abort.abort();
    await Promise.all(endless);
  });

  it("are sought anew at every address once the last is gone: all servers may be restarted in turn", async () => {
    const first = await startProbeServer();
    const second = await startProbeServer();
    const client = connect([first.port, second.port], { "grpc.initial_reconnect_backoff_ms": 60_000 });
    await many(client, 4);
    await first.drain();
    await many(client, 4); // one of them finds out that nobody listens there, which is not tried again for a minute
    const again = await startProbeServer({}, first.port);
    cleanups.push(again.close);
    await second.drain();
    await many(client, 4);
    assert.equal(again.seen.attempts, 4);
  });

  it("that a GOAWAY ends lose no call: those before it end there, those after it are made again", async () => {
    let first: ServerHttp2Stream;
    const server = await serve((stream, n) => {
      if (n === 1) first = stream;
      else if (n === 2) {
        stream.session!.goaway(constants.NGHTTP2_NO_ERROR, first.id!);
        setImmediate(() => answer(first, 1));
      } else answer(stream, n);
    });
    const client = connect([server.port]);
    const one = client.unary({});
    await eventually(() => assert.equal(server.calls, 1));
    const two = client.unary({});
    assert.deepEqual([(await one).payload?.n, (await two).payload?.n], [1, 3]);
    assert.equal(server.sessions.length, 2);
  });

  it("that end with an error fail their calls as UNAVAILABLE, and are made again", async () => {
    const server = await serve((stream, n) => {
      if (n === 1) stream.session!.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, stream.id!);
      else if (n === 2) stream.session!.destroy();
      else answer(stream);
    });
    const client = connect([server.port]);
    assert.equal((await failureOf(client.unary({}))).code, Code.Unavailable);
    await eventually(() => client.unary({}));
    assert.equal(server.calls, 3);
  });

  it("are not made again and again to a server that breaks them at once", async () => {
    const server = await serve((stream) => stream.session!.destroy());
    const client = connect([server.port], {}, true);
    const failure = await failureOf(client.unary({}, { timeoutMs: 700 }));
    assert.ok([Code.DeadlineExceeded, Code.Unavailable].includes(failure.code));
    for (let i = 0; i < 50; i++) await failureOf(client.unary({}, { timeoutMs: 20 }));
    assert.ok(server.sessions.length < 15, `${server.sessions.length} connections`);
  });

  it("repeat a call that the server refused to look at, once", async () => {
    const server = await serve((stream, n) => {
      if (n === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else answer(stream, n);
    });
    assert.equal((await connect([server.port]).unary({})).payload?.n, 2);
    const always = await serve((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    assert.equal((await failureOf(connect([always.port]).unary({}))).code, Code.Unavailable);
    assert.equal(always.calls, 2);
  });

  it("close when they are idle, and open again with the next call", async () => {
    const server = await serve((stream) => answer(stream));
    const client = connect([server.port], { "grpc.client_idle_timeout_ms": 30 });
    await client.unary({});
    await eventually(() => assert.equal(server.sessions[0]?.destroyed, true));
    await client.unary({});
    assert.equal(server.sessions.length, 2);
  });

  it("that hang get no new calls while others answer, and are cut when no ping comes back", async () => {
    const servers = [await serve((stream) => answer(stream)), await serve((stream) => answer(stream))];
    const proxy = await startStallingProxy(servers[0]!.port);
    cleanups.push(proxy.close);
    const client = connect([proxy.port, servers[1]!.port], { "grpc.keepalive_timeout_ms": 500 });
    await eventually(async () => {
      await client.unary({});
      assert.ok(servers.every(({ calls }) => calls > 0));
    });
    proxy.stall();
    await eventually(async () => {
      const outcomes = await Promise.allSettled([1, 2].map(() => client.unary({}, { timeoutMs: 100 })));
      assert.ok(outcomes.some(({ status }) => status === "rejected"));
    });
    const before = servers[1]!.calls;
    for (let i = 0; i < 10; i++) await client.unary({}, { timeoutMs: 5000 });
    assert.equal(servers[1]!.calls, before + 10);
    await eventually(() => assert.equal(servers[0]!.sessions[0]?.destroyed, true));
  });

  it("that are not answered are given up soon where there are other addresses", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket.on("error", () => {}))).listen(0, "127.0.0.1");
    await once(silent, "listening");
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const gone = await serve((stream) => answer(stream));
    gone.close();
    const client = connect([(silent.address() as AddressInfo).port, gone.port]);
    const began = performance.now();
    const { code } = await failureOf(client.unary({}, { timeoutMs: 15_000 }));
    const took = performance.now() - began;
    assert.equal(code, Code.Unavailable);
    assert.ok(took < 4_000, `${took} ms`);
    await eventually(async () => {
      await failureOf(client.unary({}));
      assert.ok(sockets.length > 1); // and made anew
    });
  });

  it("to a name are made at all of its addresses, and a name that does not exist is told in the cause only", async () => {
    const server = await serve((stream) => answer(stream));
    const named = createGrpcTransport({ target: `dns:///localhost:${server.port}` });
    cleanups.push(named.close);
    await createClient(ProbeService, named).unary({});
    const lost = createGrpcTransport({ target: "dns:///nowhere.invalid:80" });
    cleanups.push(lost.close);
    const failure = await failureOf(createClient(ProbeService, lost).unary({}, { timeoutMs: 10_000 }));
    assert.deepEqual([failure.code, failure.rawMessage], [Code.Unavailable, "the service cannot be reached"]);
    assert.match((failure.cause as Error).message, /nowhere\.invalid/);
  });
});
