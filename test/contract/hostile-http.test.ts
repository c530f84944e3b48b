// What a stranger sends over HTTP/1.1, and as plain requests over HTTP/2, ends nothing and costs little.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { constants } from "node:http2";
import { createRestHandler } from "../../src/rpc/rest/rest-handler.ts";
import { eventually } from "../support/eventually.ts";
import { frame, headers, PREFACE, rawConnect, reset, settings, TYPE } from "../support/h2-frames.ts";
import { createLibrary } from "../support/library.ts";
import { type ProbeServer, startProbeServer } from "../support/probe-server.ts";
import { answerOf, connectH2, open } from "../support/raw-h2.ts";
import { connectTcp, exchange } from "../support/tcp.ts";

const RPC = "/probe.v1.ProbeService/Unary";

describe("hostile HTTP", () => {
  let server: ProbeServer;
  before(async () => {
    const library = createLibrary().service;
    server = await startProbeServer({
      services: [library],
      http: createRestHandler({ services: [library] }),
      limits: { resetBurst: 100_000 },
    });
  });
  after(() => server.close());
  afterEach(async () => {
    assert.equal((await fetch(`${server.baseUrl}/health`)).status, 200);
    assert.deepEqual(server.errors, []);
  });

  const raw = (text: string) => exchange(server.port, [text]);

  const plain = (path: string, more: Record<string, string>) => ({
    ":method": "POST",
    ":scheme": "http",
    ":authority": "localhost",
    ":path": path,
    ...more,
  });

  it("survives streams that are gone before they are looked at, whatever they expect", async () => {
    const endings = [
      reset(1),
      reset(1, 1),
      frame(TYPE.data, 0, 0, Buffer.from("x")),
      frame(TYPE.goaway, 0, 0, Buffer.alloc(3)),
    ];
    for (const ending of endings) {
      for (const expect of ["100-continue", "nonsense", ""]) {
        for (const [path, type] of [
          [RPC, "application/json"],
          ["/v1/books/1", "application/json"],
          ["/health", "text/plain"],
        ] as const) {
          const socket = await connectTcp(server.port);
          const fields = plain(path, { "content-type": type, ...(expect !== "" && { expect }) });
          socket.write(Buffer.concat([PREFACE, settings(), headers(1, fields), ending]));
          await once(socket, "data");
          socket.destroy();
        }
      }
    }
  });

  it("lets clients of HTTP/2 wait for 100 before they send", async () => {
    const session = await connectH2(server.port);
    const stream = open(session, "Unary", { "content-type": "application/json", expect: "100-continue" });
    await once(stream, "headers"); // the 100
    stream.end('{"payload":{"n":1}}');
    assert.equal((await answerOf(stream)).data.toString(), '{"payload":{"n":2}}');
    session.destroy();
  });

  it("takes no request for two hosts", async () => {
    const end = "Connection: close\r\n\r\n";
    assert.match(await raw(`GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n${end}`), /^HTTP\/1\.1 400/);
    assert.match(await raw(`GET /health HTTP/1.1\r\nHost: a\r\nhOST: a\r\n${end}`), /^HTTP\/1\.1 400/);
    assert.match(await raw(`GET /health HTTP/1.1\r\nHost: a\r\n${end}`), /^HTTP\/1\.1 200/);
  });

  it("takes no more header fields than the limit", async () => {
    const fields = (count: number) => Array.from({ length: count }, (_, i) => `x-${i}: ${i}\r\n`).join("");
    const get = (count: number) => raw(`GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields(count)}\r\n`);
    assert.match(await get(126), /^HTTP\/1\.1 200/);
    assert.match(await get(127), /^HTTP\/1\.1 431/);
    assert.match(await get(1000), /^HTTP\/1\.1 431/);
  });

  it("drops little of what comes after an answer", async () => {
    const socket = await connectTcp(server.port);
    socket.write(
      "POST /v1/books/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n",
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 (405|413)/);
    let sent = 0;
    const chunk = Buffer.alloc(64 << 10);
    while (!socket.destroyed && sent < 64 << 20) {
      socket.write(chunk);
      sent += chunk.length;
      await new Promise((resolve) =>
        socket.writableNeedDrain ? socket.once("drain", resolve).once("close", resolve) : setImmediate(resolve),
      );
    }
    assert.ok(sent < 64 << 20, `${sent} bytes were taken`);
  });

  it("ends streams of HTTP/2 after their answer, and takes little of what comes then", async () => {
    const connection = await rawConnect(server.port);
    for (const [id, path] of [
      [1, "/none"],
      [3, "/health"],
      [5, RPC],
    ] as const) {
      await connection.send(headers(id, plain(path, { "content-type": "text/plain" })));
    }
    const ended = () =>
      connection.frames
        .filter(({ type }) => type === TYPE.reset)
        .map((f) => `${f.streamId}: ${f.payload.readUInt32BE()}`);
    await eventually(() => assert.deepEqual(ended().sort(), ["1: 0", "3: 0", "5: 0"]));
    connection.socket.destroy();
  });

  for (const type of ["application/connect+json", "application/grpc-web+proto"]) {
    it(`takes any reset of a stream for a cancellation (${type})`, async () => {
      const session = await connectH2(server.port);
      const before = server.seen.aborts.length;
      const codes = Object.entries(constants).filter(([name]) =>
        /^NGHTTP2_(NO_ERROR|.*_ERROR|CANCEL|REFUSED_STREAM|.*CALM)$/.test(name),
      );
      for (const [, code] of codes as [string, number][]) {
        if (code < 0 || code > 13) continue;
        const stream = open(session, "ServerStream", { "content-type": type });
        const text = Buffer.from(
          type.endsWith("json") ? '{"payload":{"n":1,"text":"wait"}}' : "\n\x08\x08\x01\x12\x04wait",
          "latin1",
        );
        stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), text]));
        await once(stream, "data");
        stream.close(code);
      }
      await eventually(() => assert.ok(server.seen.aborts.length > before));
      assert.equal(session.destroyed, false);
      session.destroy();
    });
  }

  it("takes gzip and nothing else, and answers so", async () => {
    const call = (fields: Record<string, string>) =>
      fetch(server.baseUrl + RPC, {
        method: "POST",
        body: "{}",
        headers: { "content-type": "application/json", ...fields },
      });
    for (const encoding of ["br", "deflate", "zstd"]) {
      assert.equal((await call({ "content-encoding": encoding })).status, 501);
      assert.equal((await call({ "accept-encoding": encoding })).headers.get("content-encoding"), null);
    }
  });

  it("tells what is wrong with a message, in every protocol", async () => {
    const bad = { proto: Buffer.from([0xff, 0xff]), json: Buffer.from('{"payload":{"n":"0x10"}}') };
    for (const [format, body] of Object.entries(bad)) {
      const unary = await fetch(server.baseUrl + RPC, {
        method: "POST",
        body,
        headers: { "content-type": `application/${format}` },
      });
      assert.deepEqual(
        [unary.status, ((await unary.json()) as { code: string }).code],
        [400, "invalid_argument"],
        format,
      );
      const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, body.length]), body]);
      const web = await fetch(server.baseUrl + RPC, {
        method: "POST",
        body: framed,
        headers: { "content-type": `application/grpc-web+${format}` },
      });
      assert.equal(web.headers.get("grpc-status") ?? /grpc-status: (\d+)/.exec(await web.text())?.[1], "3", format);
    }
    const query = new URLSearchParams({ encoding: "json", message: bad.json.toString() });
    assert.equal((await fetch(`${server.baseUrl}${RPC}?${query}`)).status, 400);
  });
});
