// Thousands of things that both ends do, in random order: each body comes as it was sent, and nothing stays behind.
import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { eventually } from "../support/eventually.ts";
import { type Random, seeded } from "../support/random.ts";
import { pattern } from "./peer.ts";
import { listening, OPTIONS, type Served, serve } from "./served.ts";

const CALLS = 1000;
const AT_A_TIME = 60;
const MOST_BYTES = 60_000;
const WINDOW = 65_535;
/** From this id on, nothing is left to chance. */
const LAST = 10_000;
const never: Random = () => 0.999_999;

/** A seed of an earlier failure may be given, to see it again. */
const SEED = Number(process.env.HTTP2_SEED ?? Math.floor(Math.random() * 2 ** 31));

const chance = (random: Random, share: number): boolean => random() < share;
const upTo = (random: Random, most: number): number => Math.floor(random() ** 2 * (most + 1));

/** What the ends of a call agreed on, by what it says of itself in its path. */
type Plan = { readonly id: number; readonly up: number; readonly down: number };

describe("random traffic", () => {
  it(`leaves no stream and no window behind, with seed ${SEED}`, async () => {
    const random = seeded(SEED);
    const faults: string[] = [];
    const expect = (holds: boolean, what: string) => void (holds || faults.push(what));
    let connections = 0;
    await using served = await serve(
      (stream, fields) => {
        const [id, up, down] = fields[":path"]!.slice(1).split("/").map(Number) as [number, number, number];
        serveCall(stream, { id, up, down }, id < LAST ? random : never, expect);
      },
      { settings: { initialWindowSize: 10_000 } },
    );
    for (const initialWindowSize of [WINDOW, 20, 5000]) {
      const session = connect(`http://127.0.0.1:${served.port}`, { settings: { initialWindowSize } });
      session.on("error", (error) => faults.push(String(error)));
      await once(session, "remoteSettings");
      connections++;
      const settings = setInterval(() => {
        if (chance(random, 0.5)) session.settings({ initialWindowSize: upTo(random, 3 * initialWindowSize) });
        else session.ping(() => {});
      }, 3);
      let next = 0;
      const most = initialWindowSize < 1000 ? 1000 : MOST_BYTES;
      const worker = async () => {
        while (next < CALLS / 3) await call(session, { id: next++, up: upTo(random, most), down: upTo(random, most) });
      };
      const call = (on: ClientHttp2Session, plan: Plan) => makeCall(on, plan, random, expect);
      await Promise.all(Array.from({ length: AT_A_TIME / 3 }, worker));
      clearInterval(settings);
      await new Promise((resolve) => session.settings({ initialWindowSize: WINDOW }, resolve));
      await isClean(served, session);
      session.destroy();
    }
    assert.deepEqual(faults, []);
    assert.deepEqual(served.errors, []);
    await eventually(() => assert.equal(served.ends.length, connections));
  });
});

type Expect = (holds: boolean, what: string) => void;

/** Reads with pauses, writes in pieces, and now and then ends early or resets. */
function serveCall(stream: Http2Stream, { id, up, down }: Plan, random: Random, expect: Expect): void {
  let received = 0;
  const sent = pattern(down, id + 1);
  const expected = pattern(up, id);
  let at = 0;
  const write = () => {
    if (stream.closed || stream.writableEnded) return;
    if (!stream.headersSent) stream.sendHeaders([":status", "200"]);
    while (at < down) {
      if (chance(random, 0.02)) return void setImmediate(write);
      const piece = sent.subarray(at, at + 1 + upTo(random, 20_000));
      at += piece.length;
      if (!stream.write(piece)) return;
    }
    stream.end(undefined, chance(random, 0.5) ? ["x-t", "t"] : undefined);
  };
  stream.listener = listening({
    onData(chunk) {
      expect(chunk.equals(expected.subarray(received, received + chunk.length)), `the request ${id} at ${received}`);
      received += chunk.length;
      if (chance(random, 0.2)) {
        stream.pause();
        if (chance(random, 0.5)) setImmediate(() => stream.resume());
        else setTimeout(() => stream.resume(), upTo(random, 5));
      }
      if (chance(random, 0.005)) stream.reset(ErrorCode.CANCEL);
    },
    onEnd: () => expect(received === up, `the end of request ${id} at ${received} of ${up}`),
    onDrain: () => (chance(random, 0.3) ? setImmediate(write) : write()),
    onSent: () => !stream.ended && chance(random, 0.1) && stream.reset(ErrorCode.NO_ERROR),
  });
  if (chance(random, 0.02)) stream.reset(ErrorCode.REFUSED_STREAM);
  else if (chance(random, 0.3)) setImmediate(write);
  else write();
  if (chance(random, 0.1)) {
    stream.pause();
    setTimeout(() => stream.resume(), upTo(random, 10));
  }
}

/** The same for the client. Resolves when the stream is closed. */
function makeCall(session: ClientHttp2Session, plan: Plan, random: Random, expect: Expect): Promise<void> {
  const { id, up, down } = plan;
  const stream: ClientHttp2Stream = session.request({ ":method": "POST", ":path": `/${id}/${up}/${down}` });
  const body = pattern(up, id);
  const expected = pattern(down, id + 1);
  let received = 0;
  let at = 0;
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => {
    expect(chunk.equals(expected.subarray(received, received + chunk.length)), `the answer ${id} at ${received}`);
    received += chunk.length;
    if (chance(random, 0.1)) {
      stream.pause();
      setTimeout(() => stream.resume(), upTo(random, 5));
    }
    if (chance(random, 0.005)) stream.close(ErrorCode.CANCEL);
  });
  stream.on("end", () => {
    // node also says so of streams that were reset without an error.
    if (stream.rstCode === 0 && !stream.aborted)
      expect(received === down, `the end of answer ${id} at ${received} of ${down}`);
  });
  const write = () => {
    while (at < up && !stream.destroyed && !stream.closed) {
      const piece = body.subarray(at, at + 1 + upTo(random, 20_000));
      at += piece.length;
      if (!stream.write(piece)) return void stream.once("drain", write);
    }
    if (!stream.destroyed) stream.end();
  };
  write();
  return new Promise((resolve) => stream.once("close", () => resolve()));
}

/** No stream is open, and as much can be sent in both directions as at the beginning. */
async function isClean({ connections, ends }: Served, session: ClientHttp2Session): Promise<void> {
  const [connection] = connections;
  await eventually(() => assert.equal(connection!.streams.size, 0, `seed ${SEED}, ${ends.length} ended`));
  await eventually(() => assert.equal(connection!.output.waitingBytes, 0));
  for (const [id, up, down] of [
    [LAST, 3 * OPTIONS.windowBytes, 0],
    [LAST + 1, 0, 3 * WINDOW],
  ] as const) {
    const faults: string[] = [];
    await makeCall(session, { id, up, down }, never, (holds, what) => void (holds || faults.push(what)));
    assert.deepEqual(faults, [], `seed ${SEED}`);
  }
}
