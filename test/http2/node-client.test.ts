// Our server's end of a connection, and node:http2 as its client.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type SecureClientSessionOptions,
} from "node:http2";
import { createServer } from "node:tls";
import { ServerConnection } from "../../src/http2/server-connection.ts";
import { createAuthority } from "../../tools/certificates/authority.ts";
import { eventually } from "../support/eventually.ts";
import { pattern } from "./peer.ts";
import { answer, echo, listening, OPTIONS, serve } from "./served.ts";

const CANCEL = 8;
const INTERNAL_ERROR = 2;

async function openSession(url: string, options: SecureClientSessionOptions = {}): Promise<ClientHttp2Session> {
  const session = connect(url, options);
  session.on("error", () => {});
  await once(session, "remoteSettings");
  return session;
}

type Whole = { head: IncomingHttpHeaders; trailers: IncomingHttpHeaders | undefined; body: Buffer; code: number };

function whole(stream: ClientHttp2Stream): Promise<Whole> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders | undefined;
    stream.on("error", () => {});
    stream.on("response", (fields) => {
      head = fields;
    });
    stream.on("trailers", (fields) => {
      trailers = fields;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("close", () => resolve({ head, trailers, body: Buffer.concat(chunks), code: stream.rstCode ?? 0 }));
  });
}

/** Sends a body in pieces, no faster than it is taken. */
async function send(stream: ClientHttp2Stream, body: Buffer, pieceBytes: number): Promise<void> {
  for (let at = 0; at < body.length; at += pieceBytes) {
    if (!stream.write(body.subarray(at, at + pieceBytes))) await once(stream, "drain");
  }
  stream.end();
}

const REQUEST = { ":method": "POST", ":path": "/" };

describe("with node's client", () => {
  for (const { initialWindowSize, theirs } of [
    { initialWindowSize: 65_535, theirs: 65_535 },
    { initialWindowSize: 1, theirs: 65_535 },
    { initialWindowSize: 65_535, theirs: 1 },
    { initialWindowSize: 1000, theirs: 700 },
    { initialWindowSize: 1 << 20, theirs: 1 << 20 },
  ]) {
    it(`bodies are whole, with windows of ${initialWindowSize} here and ${theirs} bytes there`, async () => {
      await using served = await serve(echo, { settings: { initialWindowSize } });
      const settings = { initialWindowSize: theirs };
      const session = await openSession(`http://127.0.0.1:${served.port}`, { settings });
      const length = Math.min(initialWindowSize, theirs) < 1000 ? 3000 : 300_000;
      await Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const stream = session.request(REQUEST);
          const body = pattern(length + i, i);
          const answered = whole(stream);
          await send(stream, body, 1 + i * 5000);
          const { head, body: echoed, code } = await answered;
          assert.equal(head[":status"], 200);
          assert.ok(echoed.equals(body));
          assert.equal(code, 0);
        }),
      );
      assert.equal(served.connections[0]!.streams.size, 0);
      session.destroy();
    });
  }

  it("bodies are whole over TLS, with settings that change meanwhile", async () => {
    const authority = await createAuthority("test");
    const { cert, key } = await authority.issue({ name: "localhost", dns: ["localhost"] });
    const server = createServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => {
      new ServerConnection(socket, OPTIONS, { onStream: echo, onClose: () => {} });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const session = await openSession(`https://localhost:${port}`, { ca: authority.cert, host: "127.0.0.1" });
    const bodies = Array.from({ length: 5 }, (_, i) => pattern(500_000 + i, i));
    const answers = bodies.map(async (body, i) => {
      const stream = session.request(REQUEST);
      const answered = whole(stream);
      await send(stream, body, 1 + i * 10_000);
      return await answered;
    });
    for (const initialWindowSize of [10, 100_000, 0, 65_535, 1_000_000]) {
      await new Promise((resolve) => session.settings({ initialWindowSize }, resolve));
    }
    for (const [i, { body }] of (await Promise.all(answers)).entries()) assert.ok(body.equals(bodies[i]!));
    session.close();
    await once(session, "close");
    server.close();
    await once(server, "close");
  });

  it("heads and trailers of any size arrive, in both directions", async () => {
    const large = "l".repeat(50_000);
    let trailers: unknown;
    await using served = await serve((stream, fields) => {
      stream.listener = listening({
        onEnd(end) {
          trailers = end?.["x-trailer"];
          stream.sendHeaders([], [":status", "200", "x-large", large, "x-length", String(fields["x-large"]?.length)]);
          stream.end(Buffer.from("body"), ["x-status", "0"], ["x-large", large]);
        },
      });
    });
    const session = await openSession(`http://127.0.0.1:${served.port}`, { maxHeaderListPairs: 100 });
    const stream = session.request({ ...REQUEST, "x-large": "l".repeat(15_000) }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-trailer": "t" }));
    const answered = whole(stream);
    stream.end("x");
    const { head, trailers: end, body } = await answered;
    assert.equal(head["x-large"], large);
    assert.equal(head["x-length"], "15000");
    assert.equal(end?.["x-large"], large);
    assert.equal(body.toString(), "body");
    assert.equal(trailers, "t");
    session.destroy();
  });

  it("resets of both sides are told, and hold up nothing", async () => {
    const codes: number[] = [];
    await using served = await serve((stream, fields) => {
      stream.listener = listening({ onClose: ({ rstCode }) => codes.push(rstCode) });
      if (fields[":path"] === "/reset") stream.reset(INTERNAL_ERROR);
      else answer(stream, pattern(1 << 20));
    });
    const session = await openSession(`http://127.0.0.1:${served.port}`);
    for (let i = 0; i < 20; i++) {
      const { code } = await whole(session.request({ ...REQUEST, ":path": "/reset" }));
      assert.equal(code, INTERNAL_ERROR);
      const stream = session.request(REQUEST);
      const closed = whole(stream);
      await once(stream, "data");
      stream.close(CANCEL);
      await closed;
    }
    const { body } = await whole(session.request(REQUEST, { endStream: true }));
    assert.ok(body.equals(pattern(1 << 20)));
    assert.deepEqual(codes, [...Array(20).fill([INTERNAL_ERROR, CANCEL]).flat(), 0]);
    session.destroy();
  });

  it("GOAWAY of both sides lets what is under way end", async () => {
    for (const isServer of [true, false]) {
      await using served = await serve(echo);
      const session = await openSession(`http://127.0.0.1:${served.port}`);
      const stream = session.request(REQUEST);
      const answered = whole(stream);
      stream.write("a");
      await once(stream, "response");
      if (isServer) served.connections[0]!.close();
      else session.close();
      if (isServer) await once(session, "goaway");
      stream.end("b");
      assert.equal((await answered).body.toString(), "ab");
      if (!session.closed || !session.destroyed) await once(session, "close");
      await eventually(() => assert.deepEqual(served.ends, [undefined]));
    }
  });

  it("pings come back, from both sides", async () => {
    let pings = 0;
    await using served = await serve(echo, { onPing: () => pings++ });
    const session = await openSession(`http://127.0.0.1:${served.port}`);
    for (let i = 0; i < 3; i++) {
      await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
      await new Promise<void>((resolve) => served.connections[0]!.ping(resolve));
    }
    assert.equal(pings, 3);
    session.destroy();
  });
});
