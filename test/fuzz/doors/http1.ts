import { Buffer } from "node:buffer";
import { anyRequest } from "../any-request.ts";
import type { Chance } from "../chance.ts";
import type { Door } from "../door.ts";
import { type Exchange, http1Request } from "../exchange.ts";
import type { Step } from "../script.ts";

const LINES = [
  "GET * HTTP/1.1",
  "OPTIONS * HTTP/1.1",
  "CONNECT localhost:80 HTTP/1.1",
  "GET http://localhost/health HTTP/1.1",
  "GET http://[::1/health HTTP/1.1",
  "GET /health HTTP/1.0",
  "GET /health HTTP/9.9",
  "GET /health HTTP/1.1 x",
  "GET  /health  HTTP/1.1",
  "GET /health",
  "get /health HTTP/1.1",
  "POST /shop.user.v1.UserService/GetUser HTTP/1.1",
  "PRI * HTTP/2.0",
  "PRI * HTTP/1.1",
  "SOURCE /health HTTP/1.1",
  "GET //[/ HTTP/1.1",
  "GET ?x HTTP/1.1",
  `GET /${"x".repeat(20_000)} HTTP/1.1`,
];
const FIELDS = [
  "host: a\r\nhost: b",
  "host:",
  "host: a b",
  "host: [",
  "host: http://x",
  "transfer-encoding: chunked\r\ncontent-length: 5",
  "transfer-encoding: gzip, chunked",
  "transfer-encoding: chunked, identity",
  "transfer-encoding: xchunked",
  "content-length: 5\r\ncontent-length: 6",
  "content-length: -1",
  "content-length: 99999999999999999999",
  "expect: 100-continue",
  "expect: 100-continue",
  "expect: 200-ok",
  "connection: close",
  "connection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk",
  "connection: upgrade\r\nupgrade: websocket",
  "connection: keep-alive, close, te",
  " folded: x",
  "x: a\r\n b",
  "x : y",
  "x\u0000: y",
  ": y",
  "x: \u0001",
  "no colon",
  `x: ${"y".repeat(17_000)}`,
  Array.from({ length: 200 }, (_, i) => `x${i}: y`).join("\r\n"),
  "trailer: x-t",
  "keep-alive: timeout=0, max=0",
];
const CHUNKS = [
  "5\r\nhello\r\n0\r\n\r\n",
  '5;ext="x"\r\nhello\r\n0\r\nx-t: 1\r\n\r\n',
  "ffffffffffffffffff\r\n",
  "-1\r\n\r\n",
  "5\r\nhelloworld\r\n",
  "0\r\n\r\n0\r\n\r\n",
  "g\r\n",
  `1${";x".repeat(9000)}\r\na\r\n0\r\n\r\n`,
  `0\r\n${"x: y\r\n".repeat(3000)}\r\n`,
];

/** HTTP/1.1 itself: request lines, fields, framing, pipelines, connections that end in odd ways. */
export const http1: Door = {
  name: "http1",
  httpStatuses: [
    100, 101, 200, 201, 204, 400, 402, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 417, 426, 429, 431, 499, 501,
    503, 504, 505,
  ],
  script(chance) {
    const requests = Array.from({ length: 1 + chance.few(12) }, () => request(chance));
    const bytes = Buffer.concat(requests);
    const sent = chance.maybe(0.2) ? chance.damaged(bytes) : bytes;
    const steps: Step[] = chance.split(sent);
    if (chance.maybe(0.3)) steps.push({ waitMs: chance.few(30) });
    if (chance.maybe(0.5)) steps.push(chance.pick(["end", "reset"] as const));
    const { role } = anyRequest(chance, 1);
    return { role, http: 1, steps, answered: false, mayBeInternal: true };
  },
};

function request(chance: Chance): Buffer {
  if (chance.maybe(0.4)) return http1Request(anyRequest(chance, 1), chance);
  const exchange = anyRequest(chance, 1);
  const bytes = http1Request(exchange, chance);
  switch (chance.int(6)) {
    case 0:
      return Buffer.concat([Buffer.from(`${chance.pick(LINES)}\r\nhost: x\r\n\r\n`), exchange.body]);
    case 1:
    case 2:
      return withField(bytes, chance.pick(FIELDS));
    case 3:
      return Buffer.from(
        bytes.toString("latin1").replaceAll("\r\n", chance.pick(["\n", "\r", "\r\n\r\n", "\n\r"])),
        "latin1",
      );
    case 4:
      return chunkedRequest(exchange, chance.pick(CHUNKS));
    default:
      return Buffer.concat([
        Buffer.from(chance.pick(["\r\n", "\n\n", "\r\n".repeat(500), "\u0016\u0003\u0001"])),
        bytes,
      ]);
  }
}

function withField(bytes: Buffer, field: string): Buffer {
  const at = bytes.indexOf("\r\n") + 2;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(`${field}\r\n`, "latin1"), bytes.subarray(at)]);
}

function chunkedRequest({ method, path, fields }: Exchange, chunks: string): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `${method === "GET" ? "POST" : method} ${path} HTTP/1.1\r\nhost: x\r\n`;
  return Buffer.from(`${head}${lines}transfer-encoding: chunked\r\n\r\n${chunks}`, "latin1");
}
