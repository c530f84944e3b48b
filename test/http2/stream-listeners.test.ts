// Listeners that do to streams what they like, and those that throw.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { eventually } from "../support/eventually.ts";
import { data, FLAG, headers, reset, TYPE, windowUpdate } from "../support/h2-frames.ts";
import { isEnd, Peer, pattern, request } from "./peer.ts";
import { listening, type Served, serve } from "./served.ts";

const LARGE = pattern(100_000);
const EVENTS = ["onData", "onEnd", "onDrain", "onSent", "onClose"] as const;
type Event = (typeof EVENTS)[number];

/** What a listener does to its stream and another one. */
const DEEDS: Readonly<Record<string, (stream: Http2Stream, other: Http2Stream, served: Served) => void>> = {
  "resets its stream": (stream) => stream.reset(ErrorCode.CANCEL),
  "resets another stream": (_, other) => other.reset(ErrorCode.CANCEL),
  "resets both": (stream, other) => {
    other.reset(ErrorCode.CANCEL);
    stream.reset(ErrorCode.CANCEL);
  },
  "ends its stream": (stream) => stream.end(Buffer.from("more"), ["x-status", "0"]),
  "ends another stream": (_, other) => {
    other.sendHeaders([], [":status", "200"], true);
    other.end();
  },
  "writes to both": (stream, other) => {
    stream.write(LARGE);
    if (!other.headersSent) other.sendHeaders([], [":status", "200"]);
    other.write(LARGE);
  },
  "pauses and resumes both": (stream, other) => {
    for (const one of [stream, other]) {
      one.pause();
      one.resume();
    }
  },
  "pauses both": (stream, other) => {
    stream.pause();
    other.pause();
  },
  "closes the connection": (_s, _o, served) => served.connections[0]!.close(),
  "destroys the connection": (_s, _o, served) => served.connections[0]!.destroy(undefined, ErrorCode.NO_ERROR),
  "destroys the socket": (_s, _o, served) => void served.connections[0]!.socket.destroy(),
};

/** Each stream's calls, in order. */
class Log {
  readonly calls = new Map<number, string[]>();
  deed: (stream: Http2Stream, event: Event) => void = () => {};

  follow(stream: Http2Stream): void {
    const calls: string[] = [];
    this.calls.set(stream.id, calls);
    const note = (event: Event) => () => {
      calls.push(event);
      this.deed(stream, event);
    };
    const [onData, onEnd, onDrain, onSent, onClose] = EVENTS.map(note) as [() => void, () => void, ...(() => void)[]];
    stream.listener = listening({ onData, onEnd, onDrain, onSent, onClose });
  }

  check(): void {
    for (const [id, calls] of this.calls) {
      const told = `stream ${id}: ${calls.join()}`;
      for (const once of ["onEnd", "onSent", "onClose"] as const) {
        assert.ok(calls.filter((call) => call === once).length <= 1, told);
      }
      assert.ok(!calls.includes("onClose") || calls.at(-1) === "onClose", told);
      const end = calls.indexOf("onEnd");
      assert.ok(end < 0 || calls.lastIndexOf("onData") < end, told);
      const sent = calls.indexOf("onSent");
      assert.ok(sent < 0 || calls.lastIndexOf("onDrain") < sent, told);
    }
  }
}

describe("a listener", () => {
  for (const [what, deed] of Object.entries(DEEDS)) {
    for (const when of EVENTS) {
      it(`${what} in ${when}`, async () => {
        const log = new Log();
        const streams: Http2Stream[] = [];
        await using served = await serve((stream) => {
          streams.push(stream);
          log.follow(stream);
          if (stream.id !== 1) return;
          stream.sendHeaders([], [":status", "200"]);
          stream.write(LARGE);
        });
        using peer = await Peer.connect(served.port);
        let done = false;
        log.deed = (stream, event) => {
          if (event === when && stream.id === 1 && !done) {
            done = true;
            deed(streams[0]!, streams[1]!, served);
          } else if (event === "onEnd" && stream.id === 1) stream.end();
        };
        peer.send(request(1), request(3), data(1, Buffer.alloc(100)), data(3, Buffer.alloc(100)));
        peer.send(data(1, Buffer.alloc(100)), data(3, Buffer.alloc(100)));
        peer.send(windowUpdate(1, 1 << 20), windowUpdate(3, 1 << 20), windowUpdate(0, 1 << 21));
        if (when === "onDrain") await eventually(() => assert.ok(done));
        peer.send(data(1, Buffer.alloc(9), FLAG.endStream), headers(3, { "x-trailer": "1" }, FLAG.endStream));
        await peer.sync().catch(() => {});
        await eventually(() => assert.ok(done || peer.ended, "it is never called"));
        for (const stream of streams) stream.reset(ErrorCode.CANCEL);
        await eventually(() => assert.equal(served.connections[0]!.streams.size, 0));
        log.check();
        for (const calls of log.calls.values()) assert.equal(calls.at(-1), "onClose");
        assert.deepEqual(served.errors, []);
        await isAlive(served);
      });
    }
  }

  for (const when of ["onStream", ...EVENTS, "onRead", "onPing"] as const) {
    it(`throws in ${when}: its connection ends, and no more`, async () => {
      const fault = new Error("of a listener");
      let armed = true;
      const fail = () => {
        if (!armed) return;
        armed = false;
        throw fault;
      };
      const options = { onRead: when === "onRead" ? fail : undefined, onPing: when === "onPing" ? fail : undefined };
      const closed: number[] = [];
      await using served = await serve((stream) => {
        stream.listener = listening({ onClose: () => closed.push(stream.id) });
        if (stream.id === 1) return;
        if (when === "onStream") fail();
        const onEnd = () => stream.end();
        stream.listener = listening({ onEnd, ...(EVENTS.includes(when as Event) && { [when]: fail }) });
        stream.sendHeaders([], [":status", "200"]);
        stream.write(LARGE);
      }, options);
      using peer = await Peer.connect(served.port);
      peer.send(request(1), request(3), data(3, Buffer.alloc(100)), windowUpdate(3, 1 << 20), windowUpdate(0, 1 << 20));
      await peer.when(() => (peer.dataOf(3).length === LARGE.length ? true : undefined)).catch(() => {});
      peer.send(data(3, Buffer.alloc(1), FLAG.endStream));
      await peer.sync().catch(() => {});
      assert.equal(await peer.goaway(), ErrorCode.INTERNAL_ERROR);
      await peer.over();
      assert.deepEqual(served.errors, [fault]);
      assert.ok(closed.includes(1));
      await isAlive(served);
    });
  }

  it("throws in onClose of a connection that ends: the other streams are closed all the same", async () => {
    const closed: number[] = [];
    await using served = await serve((stream) => {
      stream.listener = listening({
        onClose() {
          closed.push(stream.id);
          throw new Error(`of stream ${stream.id}`);
        },
      });
    });
    using peer = await Peer.connect(served.port);
    peer.send(request(1), request(3), request(5));
    await peer.sync();
    peer.socket.destroy();
    await eventually(() => assert.equal(served.ends.length, 1));
    assert.deepEqual(closed, [1, 3, 5]);
    assert.equal(served.errors.length, 3);
  });

  it("throws when the socket has room again: its connection ends, and no more", async () => {
    const fault = new Error("of a listener");
    await using served = await serve((stream) => {
      stream.sendHeaders([], [":status", "200"]);
      stream.listener = listening({
        onDrain() {
          throw fault;
        },
      });
      stream.write(pattern(200_000)); // more than goes to a socket in a turn
    });
    using peer = await Peer.connect(served.port, [[4, 1 << 20]]);
    peer.send(windowUpdate(0, 1 << 20), request(1));
    assert.equal(await peer.goaway(), ErrorCode.INTERNAL_ERROR);
    assert.deepEqual(served.errors, [fault]);
  });
});

async function isAlive(served: Served): Promise<void> {
  using peer = await Peer.connect(served.port);
  peer.send(request(7, FLAG.endStream), reset(7));
  await peer.sync();
  assert.deepEqual(
    peer.frames.filter((f) => isEnd(f) || f.type === TYPE.goaway),
    [],
  );
}
