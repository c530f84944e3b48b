// Bytes that are no HTTP/2, or nearly: a connection may end, and nothing else.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { ServerConnection } from "../../src/http2/server-connection.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import {
  data,
  FLAG,
  frame,
  headers,
  PREFACE,
  ping,
  reset,
  settings,
  TYPE,
  uint32,
  windowUpdate,
} from "../support/h2-frames.ts";
import { type Random, seeded } from "../support/random.ts";
import { goaway, padded, pattern, REQUEST, request } from "./peer.ts";
import { answer, echo, listening, OPTIONS } from "./served.ts";

const SEED = Number(process.env.HTTP2_SEED ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = 1000;

/** A socket without a system behind it; what is written to it is dropped, sooner or later. */
class NoSocket extends Duplex {
  bytes = 0;
  override _read(): void {}
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.bytes += chunk.length;
    setImmediate(done);
  }
}

const upTo = (random: Random, most: number) => Math.floor(random() * (most + 1));
const oneOf = <T>(random: Random, all: readonly T[]): T => all[Math.floor(random() * all.length)]!;

/** A frame that could be right. */
function someFrame(random: Random): Buffer {
  const id = oneOf(random, [0, 1, 1, 3, 3, 5, 7, 2, 2 ** 31 - 1]);
  const flags = upTo(random, 255);
  const bytes = pattern(upTo(random, 300), upTo(random, 255));
  return oneOf(random, [
    () => request(id, flags & FLAG.endStream),
    () => request(id, 0, { "content-length": String(upTo(random, 300)) }),
    () => headers(id, { ...REQUEST, ":path": "/none" }, flags & FLAG.endStream),
    () => headers(id, { "x-trailer": "t" }, FLAG.endStream),
    () => data(id, bytes, flags & FLAG.endStream),
    () => data(id, pattern(16_384)),
    () => padded(id, bytes, upTo(random, 255), flags & FLAG.endStream),
    () => reset(id, upTo(random, 20)),
    () => settings([[upTo(random, 9), oneOf(random, [0, 1, 100, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])]]),
    () => frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(0)),
    () => windowUpdate(id, oneOf(random, [0, 1, 1000, 2 ** 31 - 1])),
    () => ping(random() < 0.5),
    () => goaway(id, upTo(random, 15)),
    () => frame(TYPE.priority, 0, id, Buffer.concat([uint32(upTo(random, 9)), Buffer.alloc(1)])),
    () => frame(TYPE.headers, flags, id, bytes),
    () => frame(TYPE.continuation, flags, id, bytes),
    () => frame(upTo(random, 20), flags, id, bytes),
    () => frame(upTo(random, 9), flags, id, bytes, upTo(random, 400)),
  ])();
}

/** With some bytes changed, taken away or added. */
function mutated(bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes);
  for (let i = upTo(random, 3); i > 0 && result.length > 0; i--) {
    const at = upTo(random, result.length - 1);
    if (random() < 0.7) result[at] = upTo(random, 255);
    else if (random() < 0.5) result = Buffer.concat([result.subarray(0, at), result.subarray(at + upTo(random, 9))]);
    else result = Buffer.concat([result.subarray(0, at), pattern(upTo(random, 20), at), result.subarray(at)]);
  }
  return result;
}

function serveSomehow(stream: Http2Stream, random: Random, open: Set<Http2Stream>): void {
  open.add(stream);
  oneOf(random, [
    () => echo(stream),
    () => answer(stream, pattern(100_000)),
    () => answer(stream, pattern(10), ["x-t", "t"]),
    () => stream.pause(),
    () => stream.reset(8),
  ])();
  const before = stream.listener;
  stream.listener = listening({ ...before, onClose: () => open.delete(stream) });
  if (stream.closed) open.delete(stream);
}

describe("bytes that are no HTTP/2, or nearly", () => {
  it(`end a connection at most, with seed ${SEED}`, async () => {
    const random = seeded(SEED);
    const before = process.memoryUsage();
    for (let run = 0; run < RUNS; run++) {
      const socket = new NoSocket();
      const open = new Set<Http2Stream>();
      const errors: unknown[] = [];
      let ends = 0;
      const connection = new ServerConnection(socket as unknown as Socket, OPTIONS, {
        onStream: (stream) => serveSomehow(stream, random, open),
        onClose: () => ends++,
        onError: (error) => errors.push(error),
      });
      const frames = Array.from({ length: 1 + upTo(random, 60) }, () => someFrame(random));
      let bytes: Buffer = Buffer.concat([PREFACE, settings(), ...frames]);
      if (run % 3 === 1) bytes = mutated(bytes, random);
      if (run % 3 === 2)
        bytes = Buffer.concat([PREFACE, settings(), request(1), mutated(Buffer.concat(frames), random)]);
      if (run % 50 === 0) bytes = Buffer.concat([PREFACE, Buffer.from(frames.flatMap(() => [upTo(random, 255)]))]);
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + upTo(random, oneOf(random, [1, 20, 1000, 65_536]));
        socket.emit("data", bytes.subarray(at, end));
        at = end;
        if (random() < 0.02) await new Promise(setImmediate);
      }
      const told = `seed ${SEED}, run ${run}`;
      assert.deepEqual(errors, [], told);
      assert.equal(ends, connection.destroyed ? 1 : 0, told);
      if (!connection.destroyed) assert.ok(connection.output.waitingBytes < 1 << 20, told);
      assert.equal(connection.streams.size, connection.destroyed ? 0 : open.size, told);
      socket.destroy();
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      assert.equal(ends, 1, told);
      assert.equal(open.size, 0, told);
      assert.deepEqual(errors, [], told);
    }
    const { external, heapTotal } = process.memoryUsage();
    assert.ok(external + heapTotal - before.external - before.heapTotal < 300 << 20, `seed ${SEED}`);
  });
});
