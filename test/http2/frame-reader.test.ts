import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FrameReader } from "../../src/http2/frame-reader.ts";
import { ConnectionFault, ErrorCode } from "../../src/http2/protocol.ts";
import { data, frame, headers, PREFACE, ping, settings, TYPE, windowUpdate } from "../support/h2-frames.ts";
import { seeded } from "../support/random.ts";
import { pattern } from "./peer.ts";

/** What a reader says, as text. */
class Taken {
  readonly frames: string[] = [];
  reader: FrameReader | undefined;
  stopAt = Number.POSITIVE_INFINITY;

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.frames.push(`${type} ${flags} ${streamId} ${bytes.toString("hex", start, end)}`);
    if (this.frames.length >= this.stopAt) this.reader!.stop();
  }
}

function read(chunks: Iterable<Buffer>, expectsPreface = true, stopAt?: number): string[] {
  const taken = new Taken();
  const reader = new FrameReader(taken, expectsPreface);
  taken.reader = reader;
  if (stopAt !== undefined) taken.stopAt = stopAt;
  for (const chunk of chunks) {
    const copy = Buffer.from(chunk);
    reader.read(copy);
    copy.fill(0xee); // nothing may be read of it later
  }
  return taken.frames;
}

const FRAMES = [
  settings([[4, 70_000]]),
  settings(),
  headers(1, { ":method": "GET" }, 1),
  data(1, pattern(300)),
  frame(TYPE.data, 0, 0x7fffffff, Buffer.alloc(0)),
  windowUpdate(3, 1),
  frame(0xfa, 0xff, 5, pattern(40)),
  ping(),
];
const BYTES = Buffer.concat([PREFACE, ...FRAMES]);
const EXPECTED = FRAMES.map((f) => `${f[3]} ${f[4]} ${f.readUInt32BE(5)} ${f.toString("hex", 9)}`);

describe("a frame reader", () => {
  it("reads frames from one chunk, and from chunks of each size", () => {
    for (let size = 1; size <= BYTES.length; size++) {
      const chunks = [];
      for (let at = 0; at < BYTES.length; at += size) chunks.push(BYTES.subarray(at, at + size));
      assert.deepEqual(read(chunks), EXPECTED, `chunks of ${size} bytes`);
    }
  });

  it("reads frames that are cut at any one or two bytes", () => {
    for (let first = 0; first <= BYTES.length; first++) {
      for (let second = first; second <= BYTES.length; second += 1 + ((first * 7) % 31)) {
        const chunks = [BYTES.subarray(0, first), BYTES.subarray(first, second), BYTES.subarray(second)];
        assert.deepEqual(read(chunks), EXPECTED, `cut at ${first} and ${second}`);
      }
    }
  });

  it("reads the largest frames, however they come", () => {
    const frames = [data(1, pattern(16_384)), data(3, pattern(16_384, 1)), data(5, pattern(16_383, 2))];
    const bytes = Buffer.concat(frames);
    const expected = frames.map((f) => `0 0 ${f.readUInt32BE(5)} ${f.toString("hex", 9)}`);
    const random = seeded(9113);
    for (let run = 0; run < 100; run++) {
      const chunks = [];
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + Math.floor(random() ** 3 * 40_000);
        chunks.push(bytes.subarray(at, end));
        at = end;
      }
      assert.deepEqual(read(chunks, false), expected);
    }
  });

  it("ignores the highest bit of a stream's id", () => {
    const bytes = frame(TYPE.data, 0, 0x80000005, Buffer.alloc(0));
    assert.deepEqual(read([bytes], false), ["0 0 5 "]);
  });

  it("takes nothing after it was stopped, neither of this chunk nor of others", () => {
    for (let cut = 0; cut <= BYTES.length; cut++) {
      const chunks = [BYTES.subarray(0, cut), BYTES.subarray(cut)];
      assert.deepEqual(read(chunks, true, 3), EXPECTED.slice(0, 3), `cut at ${cut}`);
    }
  });

  it("refuses a frame that is too large as soon as its length is known, and another preface at once", () => {
    const large = frame(TYPE.data, 0, 1, Buffer.alloc(0), 16_385);
    for (let cut = 0; cut <= large.length; cut++) {
      const chunks = [large.subarray(0, cut), large.subarray(cut)];
      assert.throws(() => read(chunks, false), { name: ConnectionFault.name, code: ErrorCode.FRAME_SIZE_ERROR });
    }
    for (let wrong = 0; wrong < PREFACE.length; wrong++) {
      const bytes = Buffer.from(PREFACE.subarray(0, wrong + 1));
      bytes[wrong]! ^= 1;
      assert.throws(() => read([bytes]), { code: ErrorCode.PROTOCOL_ERROR });
      const single = Array.from(bytes, (byte) => Buffer.from([byte]));
      assert.throws(() => read(single), { code: ErrorCode.PROTOCOL_ERROR });
    }
  });
});
