// The load generator of the benchmarks, over real sockets: what it counts, and what it does not let pass.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { openGrpc } from "../../bench/load/grpc-connections.ts";
import { openHttp1 } from "../../bench/load/http1-connections.ts";
import { closedLoop, openLoop } from "../../bench/load/loops.ts";
import { startNiceGrpc } from "../../bench/peers/nice-grpc.ts";
import { streamWire, unaryWire } from "../../bench/probe.ts";

const DELAY_MS = 20;

describe("the load generator", () => {
  const servers: Server[] = [];
  const start = async (listener: RequestListener): Promise<number> => {
    const server = createServer(listener).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const overHttp = (port: number) => (listener: Parameters<typeof openHttp1>[2]) => openHttp1(port, "/", listener);

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it("keeps as many calls in flight as it is told, in a closed loop", async () => {
    let now = 0;
    let most = 0;
    const port = await start(async (_request, response) => {
      most = Math.max(most, ++now);
      await setTimeout(DELAY_MS);
      now--;
      response.end("{}");
    });
    const { calls, latencies } = await closedLoop(overHttp(port), 5, 200);
    assert.equal(most, 5);
    assert.ok(calls >= 5 && calls <= 5 * (200 / DELAY_MS + 1), `${calls} calls`);
    assert.ok(latencies[0]! >= DELAY_MS - 1, `${latencies[0]} ms`);
  });

  it("does not wait for answers in an open loop, and counts the time that calls wait for a connection", async () => {
    const arrived = Promise.withResolvers<void>();
    const held: (() => void)[] = [];
    let seen = 0;
    const port = await start((_request, response) => {
      seen++;
      held.push(() => response.end("{}"));
      if (seen === 64) arrived.resolve();
      if (seen > 64) response.end("{}");
    });
    // Nothing is answered until all connections are taken, while calls go on to begin.
    const run = openLoop(overHttp(port), 1000, 300);
    await arrived.promise;
    await setTimeout(DELAY_MS);
    for (const release of held.slice(0, 64)) release();
    const { calls, latencies } = await run;
    assert.equal(calls, seen);
    assert.ok(calls > 64, `${calls} calls`);
    assert.ok(latencies.at(-1)! >= DELAY_MS - 1, `${latencies.at(-1)} ms`);
  });

  it("takes no failure for an answer", async () => {
    const port = await start((_request, response) => {
      response.writeHead(503).end("{}");
    });
    await assert.rejects(closedLoop(overHttp(port), 1, 50), /503/);
  });

  it("takes no gRPC answer of another size for one", async () => {
    const port = await startNiceGrpc(0);
    const wrong = { ...unaryWire, responseBytes: unaryWire.responseBytes + 1 };
    await assert.rejects(
      closedLoop((listener) => openGrpc(port, wrong, listener), 1, 50),
      /not/,
    );
  });

  for (const [name, call] of Object.entries({ unary: unaryWire, stream: streamWire })) {
    it(`makes ${name} calls of gRPC until its time is over`, async () => {
      const port = await startNiceGrpc(0);
      const { calls, latencies } = await closedLoop((listener) => openGrpc(port, call, listener), 8, 100);
      assert.ok(calls >= 8, `${calls} calls`);
      assert.equal(latencies.length, calls);
    });
  }
});
