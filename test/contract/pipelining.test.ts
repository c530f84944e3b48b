// Requests that come before the answers to those before them, in HTTP/1.1.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import { eventually } from "../support/eventually.ts";
import { createLibrary } from "../support/library.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { connectTcp } from "../support/tcp.ts";

const RPC = "/probe.v1.ProbeService/Unary";

describe("pipelining", () => {
  let server: ProbeServer;
  before(async () => {
    const library = createLibrary().service;
    server = await startProbeServer({ services: [library], http: createRestHandler({ services: [library] }) });
  });
  after(() => server.close());
  afterEach(async () => {
    assert.equal((await fetch(`${server.baseUrl}/health`)).status, 200);
    assert.deepEqual(server.errors, []);
  });

  it("survives pipelined requests whose connection is reset", async () => {
    const post = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    const begun = `POST ${RPC} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`;
    const get = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const texts of [
      [post(RPC), post(RPC)],
      [get, post(RPC)],
      [get, begun],
      [post(RPC), begun],
      [post("/v1/books/1"), begun],
    ]) {
      for (const waits of [true, false]) {
        const socket = await connectTcp(server.port);
        socket.write(texts.join(""));
        if (waits) await once(socket, "data");
        socket.resetAndDestroy();
      }
    }
  });

  it("tells the handlers of pipelined requests that the client is gone, and forgets them", async () => {
    const before = server.seen.aborts.length;
    const body = '{"payload":{"text":"wait"}}';
    const wait = `POST ${RPC} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = await connectTcp(server.port);
    socket.write(wait.repeat(5));
    const attempts = server.seen.attempts;
    await eventually(() => assert.equal(server.seen.attempts, attempts + 5));
    socket.destroy();
    await eventually(() => assert.equal(server.seen.aborts.length, before + 5));
  });

  it("answers pipelined requests in their order, however slowly they are taken", async () => {
    const socket = await connectTcp(server.port);
    const paths = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? "/openapi.json" : `/none/${i}`));
    socket.pause();
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(""));
    socket.write("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    await new Promise(setImmediate);
    socket.resume();
    await once(socket, "close");
    assert.equal(answer.match(/HTTP\/1\.1 404/g)?.length, 200 + 100);
    assert.match(answer, /HTTP\/1\.1 200 OK[\s\S]*OK$/);
  });

  it("goes no further than as many requests as an HTTP/2 connection may have streams", async () => {
    const few = await startProbeServer({ limits: { maxConcurrentStreams: 3 } });
    const body = '{"payload":{"text":"wait"}}';
    const wait = `POST ${RPC} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = await connectTcp(few.port);
    socket.write(wait.repeat(10_000));
    await new Promise((resolve) => socket.once("close", resolve)); // once() would take a reset for a failure
    assert.ok(few.seen.attempts <= 3);
    await few.close();
  });
});
