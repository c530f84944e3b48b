// The same as for REST, of bytes: no request costs more than its size allows, in any protocol.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClientHttp2Session } from "node:http2";
import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { type CostServer, startCostServer } from "../support/cost.ts";
import { answerOf, connectH2, framed, open } from "../support/raw-h2.ts";

const MAX_CPU_MS = 100;
const CREATE = "/shop.gateway.v1.ShopService/CreateOrder";
const BATCH = "/shop.user.v1.UserService/BatchGetUsers";
const BOOK = "/library.v1.LibraryService/UpdateBook";
const ORDER_BYTES = 32_768;
const BOOK_BYTES = 65_536;

const repeated = (unit: readonly number[], bytes: number) =>
  Buffer.alloc(Math.floor(bytes / unit.length) * unit.length, Buffer.from(unit));

/** Messages in messages, of field 2 or another, as deep as the bytes go; the lengths are those of the outermost. */
function nested(tag: number, bytes: number): Buffer {
  let message = Buffer.alloc(0);
  while (message.length < bytes - 6) {
    const length = message.length;
    const prefix =
      length < 128
        ? [tag, length]
        : length < 16_384
          ? [tag, (length % 128) + 128, length >> 7]
          : [tag, (length % 128) + 128, ((length >> 7) % 128) + 128, length >> 14];
    message = Buffer.concat([Buffer.from(prefix), message]);
  }
  return message;
}

const packedIds = Buffer.concat([Buffer.from([0x0a, 0xfc, 0x3f]), repeated([1], 8188)]);
const manyIds = Buffer.concat(
  Array.from({ length: 2000 }, (_, i) => Buffer.from([0x08, (i % 128) + 128, 1 + (i >> 7)])),
);

const MESSAGES: readonly (readonly [string, string, Buffer])[] = [
  ["empty items", CREATE, repeated([0x12, 0], ORDER_BYTES)],
  ["items of zeros", CREATE, repeated([0x12, 2, 0x10, 0], ORDER_BYTES)],
  ["unknown fields", CREATE, repeated([0xb8, 0x3e, 1], ORDER_BYTES)],
  ["items of unknown fields", CREATE, repeated([0x12, 3, 0xb8, 0x3e, 1], ORDER_BYTES)],
  ["the same field again", CREATE, repeated([8, 1], ORDER_BYTES)],
  ["empty strings", CREATE, repeated([0x1a, 0], ORDER_BYTES)],
  ["groups that are opened", CREATE, repeated([0xbb, 0x3e], ORDER_BYTES)],
  ["items in items", CREATE, nested(0x12, ORDER_BYTES)],
  ["ids that are all one", BATCH, packedIds],
  ["many ids", BATCH, manyIds],
  ["empty authors", BOOK, repeated([0x0a, 2, 0x1a, 0], BOOK_BYTES)],
  ["empty entries of maps", BOOK, repeated([0x0a, 2, 0x2a, 0], BOOK_BYTES)],
  ["zeros", BOOK, Buffer.alloc(BOOK_BYTES)],
  ["all ones", BOOK, Buffer.alloc(BOOK_BYTES, 0xff)],
];

describe("the cost of an RPC", () => {
  let server: CostServer;
  let session: ClientHttp2Session;
  before(async () => {
    server = await startCostServer();
    session = await connectH2(Number(new URL(server.url).port));
  });
  after(async () => {
    session.destroy();
    await server.close();
  });

  async function grpc(path: string, body: Buffer, fields: Record<string, string> = {}): Promise<number | undefined> {
    const stream = open(session, "", { ":path": path, ...fields });
    stream.end(body);
    return (await answerOf(stream)).status;
  }
  async function http(path: string, type: string, body: Buffer, encoding: Record<string, string> = {}): Promise<void> {
    const answer = await fetch(server.url + path, {
      method: "POST",
      body,
      headers: { "content-type": type, ...encoding },
    });
    assert.ok((await answer.arrayBuffer()).byteLength < 8192);
    assert.notEqual(answer.status, 500);
  }
  async function isCheap(send: () => Promise<unknown>): Promise<void> {
    const cpuMs = await server.cpuMsOf(async () => void (await send()));
    assert.ok(cpuMs < MAX_CPU_MS, `${cpuMs} ms`);
  }

  for (const [name, path, bytes] of MESSAGES) {
    const packed = gzipSync(bytes);
    it(`is small for ${name}`, async () => {
      await isCheap(() => grpc(path, framed(bytes)));
      await isCheap(() => grpc(path, framed(packed, 1), { "grpc-encoding": "gzip" }));
      await isCheap(() => http(path, "application/proto", bytes));
      await isCheap(() => http(path, "application/proto", packed, { "content-encoding": "gzip" }));
      await isCheap(() => http(path, "application/grpc-web+proto", framed(bytes)));
    });
  }

  it("is small for bombs, which are refused", async () => {
    const bomb = gzipSync(repeated([0x12, 0], 20_000_000));
    await isCheap(async () => {
      assert.equal(await grpc(CREATE, framed(bomb, 1), { "grpc-encoding": "gzip" }), Code.ResourceExhausted);
    });
    await isCheap(() => http(CREATE, "application/proto", bomb, { "content-encoding": "gzip" }));
    await isCheap(() => http(CREATE, "application/grpc-web+proto", framed(bomb, 1), { "grpc-encoding": "gzip" }));
    const json = gzipSync(`{"items":[${"{},".repeat(5_000_000)}{}]}`);
    await isCheap(() => http(CREATE, "application/json", json, { "content-encoding": "gzip" }));
  });

  it("is small for JSON over Connect", async () => {
    for (const text of [
      `{"items":[${"{},".repeat(10_000)}{}]}`,
      `${'{"items":'.repeat(3000)}1${"}".repeat(3000)}`,
      `{${Array.from({ length: 3000 }, (_, i) => `"k${i}":0`).join(",")}}`,
    ]) {
      await isCheap(() => http(CREATE, "application/json", Buffer.from(text)));
    }
  });
});
