// Requests and responses in the manner of node, over our HTTP/2, with node:http2 as client.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openExchange } from "../../src/http2/http/exchange.ts";
import type { Http2Request } from "../../src/http2/http/request.ts";
import type { Http2Response } from "../../src/http2/http/response.ts";
import { eventually } from "../support/eventually.ts";
import { pattern } from "./peer.ts";
import { type Served, serve } from "./served.ts";

type Handler = (req: Http2Request, res: Http2Response) => unknown;

describe("requests and responses of HTTP over HTTP/2", () => {
  let served: Served;
  let session: ClientHttp2Session;
  let handler: Handler;
  let cuts: boolean[];
  beforeEach(async () => {
    cuts = [];
    served = await serve((stream, fields) => {
      const socket = served.connections[0]!.socket;
      const { req, res } = openExchange(stream, fields, [], socket, { onClose: (isCut) => cuts.push(isCut) });
      for (const one of [req, res]) one.on("error", () => {});
      void handler(req, res);
    });
    session = connect(`http://127.0.0.1:${served.port}`);
    session.on("error", () => {});
    await once(session, "remoteSettings");
  });
  afterEach(async () => {
    session.destroy();
    await served[Symbol.asyncDispose]();
    assert.deepEqual(served.errors, []);
  });

  const open = (method = "POST", more: Readonly<Record<string, string>> = {}): ClientHttp2Stream => {
    const stream = session.request({ ":method": method, ":path": "/path?q", ...more }, { endStream: method === "GET" });
    return stream.on("error", () => {});
  };

  it("bodies are echoed by pipe, however large, no faster than they are taken", async () => {
    handler = (req, res) => pipeline(req, res);
    const body = pattern(2_000_000);
    const stream = open();
    const sending = pipeline(Readable.from(cut(body, 30_000)), stream);
    await once(stream, "response");
    await eventually(() => assert.ok(stream.writableNeedDrain || stream.writableLength > 0)); // nobody reads yet
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await sending;
    await once(stream, "close");
    assert.ok(Buffer.concat(chunks).equals(body));
    assert.deepEqual(cuts, [false]);
  });

  it("has what node's have", async () => {
    const seen: unknown[] = [];
    handler = async (req, res) => {
      seen.push(req.method, req.url, req.httpVersion, req.headers["x-a"], req.complete, req.socket.remoteAddress);
      for await (const chunk of req) seen.push(String(chunk));
      seen.push(req.complete, req.readableEnded, res.headersSent, res.writableEnded);
      res.setHeader("X-B", ["1", "2"]);
      res.setHeader("connection", "keep-alive");
      res.writeHead(201, { "x-c": 3, "x-d": undefined });
      res.on("finish", () => seen.push("finish")).on("close", () => seen.push("close"));
      res.end("ä", () => seen.push("callback"));
      seen.push(res.writableEnded, res.getHeader("x-B"));
    };
    const stream = open("POST", { "x-a": "a" });
    stream.end("body");
    const { head, body } = await answerOf(stream);
    assert.equal(head[":status"], 201);
    assert.equal(head["x-b"], "1, 2");
    assert.equal(head["x-c"], "3");
    assert.equal(head.connection, undefined);
    assert.ok(Math.abs(Date.parse(String(head.date)) - Date.now()) < 5000);
    assert.equal(body, "ä");
    await eventually(() => assert.ok(seen.includes("close")));
    const before = ["POST", "/path?q", "2.0", "a", false, "127.0.0.1", "body", true, true, false, false];
    const after = [true, ["1", "2"], "callback", "finish", "close"];
    assert.deepEqual(new Set(seen), new Set([...before, ...after]));
  });

  it("refuses headers that cannot be sent, when they are set", async () => {
    const thrown: unknown[] = [];
    const attempt = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        thrown.push((error as NodeJS.ErrnoException).code);
      }
    };
    handler = (_, res) => {
      attempt(() => res.setHeader("a b", "x"));
      attempt(() => res.setHeader("x", "a\nb"));
      attempt(() => res.writeHead(200, { x: "\u0100" }));
      res.end("ok");
    };
    assert.equal((await answerOf(open("GET"))).body, "ok");
    assert.deepEqual(thrown, ["ERR_INVALID_HTTP_TOKEN", "ERR_INVALID_CHAR", "ERR_INVALID_CHAR"]);
  });

  for (const [name, method, status] of [
    ["HEAD", "HEAD", 200],
    ["204", "GET", 204],
    ["205", "GET", 205],
    ["304", "GET", 304],
  ] as const) {
    it(`sends no body for ${name}, in whatever way it is written`, async () => {
      const ways: ((res: Http2Response) => void)[] = [
        (res) => res.end("body"),
        (res) => res.end(),
        (res) => {
          res.write("bo");
          res.end("dy");
        },
        (res) => {
          res.flushHeaders();
          res.end("body");
        },
        (res) => void pipeline(Readable.from([pattern(100_000), pattern(100_000)]), res),
      ];
      for (const way of ways) {
        handler = (_, res) => {
          res.statusCode = status;
          res.setHeader("content-length", "4");
          way(res);
        };
        const { head, body, code } = await answerOf(open(method));
        const length = status === 204 || status === 205 ? undefined : "4";
        assert.deepEqual([head[":status"], head["content-length"], body, code], [status, length, "", 0]);
      }
    });
  }

  it("tells a handler of a client that leaves, whatever it does", async () => {
    const closed: string[] = [];
    handler = (req, res) => {
      req.on("close", () => closed.push(`req ${req.readableEnded}`));
      res.on("close", () => closed.push(`res ${res.writableFinished}`));
      req.once("data", () => res.write(pattern(1_000_000)));
    };
    const stream = open();
    stream.write("x");
    await once(stream, "response");
    session.destroy();
    await eventually(() => assert.deepEqual(closed.toSorted(), ["req false", "res false"]));
    assert.deepEqual(cuts, [true]);
  });

  it("ends a request that is cut off with an error for those who read it", async () => {
    let failed: unknown;
    handler = async (req) => {
      try {
        for await (const _ of req) {
          // to its end
        }
      } catch (error) {
        failed = error;
      }
    };
    const stream = open();
    stream.write("x");
    await eventually(() => assert.equal(served.connections[0]!.streams.size, 1));
    session.destroy();
    await eventually(() => assert.equal((failed as NodeJS.ErrnoException).code, "ERR_STREAM_PREMATURE_CLOSE"));
  });

  it("resets the stream of a response that is destroyed, and only that", async () => {
    handler = (_, res) => {
      res.write("begun");
      res.on("close", () => res.write("more"));
      setImmediate(() => res.destroy(new Error("of the handler")));
    };
    const { code } = await answerOf(open("GET"));
    assert.equal(code, 2);
    assert.deepEqual(cuts, [false]);
    handler = (_, res) => res.end("ok");
    assert.equal((await answerOf(open("GET"))).body, "ok");
  });

  it("takes the first end of a response for its end", async () => {
    handler = (_, res) => {
      res.end("first");
      res.end("second");
      res.write("third");
    };
    assert.equal((await answerOf(open("GET"))).body, "first");
  });

  it("lets a request be read after its answer, unless its rest is dropped", async () => {
    const read: string[] = [];
    handler = async (req, res) => {
      res.end("early");
      for await (const chunk of req) read.push(String(chunk));
      read.push("end");
    };
    const stream = open();
    stream.write("a");
    await once(stream, "response");
    stream.end("b");
    assert.equal((await answerOf(stream)).body, "early");
    await eventually(() => assert.equal(read.join(""), "abend"));
  });

  it("destroys a request alone if its handler does so", async () => {
    handler = (req, res) => {
      req.once("data", () => {
        req.destroy();
        setImmediate(() => res.end("enough"));
      });
    };
    const stream = open();
    stream.write(pattern(50_000));
    await once(stream, "response");
    stream.end(pattern(1000));
    stream.resume();
    await once(stream, "end");
  });
});

function answerOf(stream: ClientHttp2Stream): Promise<{ head: IncomingHttpHeaders; body: string; code: number }> {
  return new Promise((resolve) => {
    let body = "";
    let head: IncomingHttpHeaders = {};
    stream.on("response", (fields) => {
      head = fields;
    });
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    stream.on("close", () => resolve({ head, body, code: stream.rstCode ?? 0 }));
    if (!stream.writableEnded && stream.sentHeaders[":method"] !== "POST") stream.end();
  });
}

function* cut(body: Buffer, bytes: number): Iterable<Buffer> {
  for (let at = 0; at < body.length; at += bytes) yield body.subarray(at, at + bytes);
}
