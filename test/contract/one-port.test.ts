import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import type { HttpHandler } from "../../src/rpc/server/http-handler.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, open } from "../support/raw-h2.ts";
import { connectTcp, exchange } from "../support/tcp.ts";

const http: HttpHandler = (req, res) => {
  if (req.url === "/broken") throw new Error("a bug");
  if (req.url !== "/hello") return false;
  res.setHeader("content-type", "text/plain");
  res.end(`hello over HTTP/${req.httpVersion}`);
  return true;
};

describe("one port", () => {
  let server: ProbeServer;
  before(async () => {
    server = await startProbeServer({ http, limits: { readMaxBytes: 10_000, sniffTimeoutMs: 100 } });
  });
  after(() => server.close());

  const post = (body: string, contentType = "application/json") =>
    fetch(`${server.baseUrl}/probe.v1.ProbeService/Unary`, {
      method: "POST",
      body,
      headers: { "content-type": contentType },
    });
  const raw = (...parts: string[]) => exchange(server.port, parts);

  it("gives plain HTTP to the handler first, in both versions", async () => {
    assert.equal(await (await fetch(`${server.baseUrl}/hello`)).text(), "hello over HTTP/1.1");
    const session = await connectH2(server.port);
    const stream = session.request({ ":path": "/hello" });
    stream.end();
    const { header, data } = await answerOf(stream);
    assert.deepEqual([header?.[":status"], data.toString()], [200, "hello over HTTP/2.0"]);
    session.destroy();
  });

  it("takes JSON from any HTTP client, by POST and, for safe methods, by GET", async () => {
    const response = await post('{"payload":{"n":41,"text":"hi"}}');
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.deepEqual(await response.json(), { payload: { n: 42, text: "hi" } });
    const query = new URLSearchParams({ encoding: "json", message: '{"payload":{"n":1}}' });
    const got = await fetch(`${server.baseUrl}/probe.v1.ProbeService/Unary?${query}`);
    assert.deepEqual(await got.json(), { payload: { n: 2 } });
  });

  it("answers errors to JSON clients as Connect does", async () => {
    const missing = await post('{"payload":{"text":"error"}}');
    assert.deepEqual([missing.status, missing.headers.get("x-meta")], [404, "m"]);
    const { code, message } = (await missing.json()) as { code: string; message: string };
    assert.deepEqual([code, message], ["not_found", "näh: 100%\nline"]);
    const bad = await post("{nonsense");
    assert.deepEqual([bad.status, ((await bad.json()) as { code: string }).code], [400, "invalid_argument"]);
  });

  it("hides what an unexpected error says, and reports it", async () => {
    server.errors.length = 0;
    const response = await post('{"payload":{"text":"crash"}}');
    assert.deepEqual([response.status, await response.json()], [500, { code: "internal", message: "internal error" }]);
    assert.deepEqual(server.errors.map(String), ["Error: a secret of the server"]);
  });

  it("keeps the limit of messages", async () => {
    const response = await post(JSON.stringify({ payload: { text: "x".repeat(11_000) } }));
    assert.deepEqual(
      [response.status, ((await response.json()) as { code: string }).code],
      [429, "resource_exhausted"],
    );
  });

  it("answers 404 to what nobody serves, 415 to what nobody speaks", async () => {
    assert.equal((await fetch(`${server.baseUrl}/none`)).status, 404);
    assert.equal((await post("x", "text/plain")).status, 415);
    assert.equal((await post("x", "application/grpc")).status, 415); // gRPC needs HTTP/2
  });

  it("answers 500 when the HTTP handler throws", async () => {
    server.errors.length = 0;
    assert.equal((await fetch(`${server.baseUrl}/broken`)).status, 500);
    assert.deepEqual(server.errors.map(String), ["Error: a bug"]);
  });

  it("survives requests without a host, or with one that is none", async () => {
    const path = "/probe.v1.ProbeService/Unary";
    const body = "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    assert.match(await raw(`POST ${path} HTTP/1.0\r\n${body}`), /^HTTP\/1\.1 400/);
    assert.match(await raw(`POST ${path} HTTP/1.1\r\nHost: a b%\r\n${body}`), /^HTTP\/1\.1 400/);
    assert.equal((await post("{}")).status, 200);
  });

  it("tells the protocols apart by their first bytes, however they come", async () => {
    assert.match(
      await raw("G", "ET /hello HTTP/1.1\r\nHost: x\r\n", "Connection: close\r\n\r\n"),
      /hello over HTTP\/1\.1$/,
    );
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]).toString("latin1");
    const socket = await connectTcp(server.port);
    for (const part of ["PRI * HT", "TP/2.0\r\n\r\nS", "M\r\n\r\n", settings]) {
      socket.write(part);
      await new Promise(setImmediate);
    }
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.equal(first[3], 4); // a SETTINGS frame
    socket.destroy();
  });

  it("closes connections that say nothing, or not enough", async () => {
    const from = performance.now();
    assert.deepEqual(await Promise.all([raw(), raw("PRI * HT")]), ["", ""]);
    assert.ok(performance.now() - from >= 99);
  });

  it("survives connections that break off", async () => {
    for (const bytes of ["", "PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense", "POST / HTTP/1.1\r\n"]) {
      const socket = await connectTcp(server.port);
      socket.write(bytes || " ");
      socket.resetAndDestroy();
    }
    assert.equal((await post("{}")).status, 200);
  });

  it("keeps HTTP/1.1 connections alive", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 3; i++) {
      const [response] = await once(request(`${server.baseUrl}/hello`, { agent }).end(), "response");
      ports.add(response.socket.localPort);
      response.resume();
      await once(response, "end");
    }
    assert.equal(ports.size, 1);
    agent.destroy();
  });

  it("takes what is not gRPC on HTTP/2 connections, too", async () => {
    const session = await connectH2(server.port);
    const json = open(session, "Unary", { "content-type": "application/json" });
    json.end('{"payload":{"n":1}}');
    const { header, data } = await answerOf(json);
    assert.deepEqual([header?.[":status"], data.toString()], [200, '{"payload":{"n":2}}']);
    session.destroy();
  });
});
