// An RPC server that answers before it has read the request: nothing of it may stay, be it a stream, a window, or a connection that seems busy.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ErrorCode } from "../../src/http2/protocol.ts";
import { eventually } from "../support/eventually.ts";
import { data, FLAG, grpcFields, headers, message, reset, TYPE, windowUpdate } from "../support/h2-frames.ts";
import { startProbeServer } from "../support/probe-server.ts";
import { Peer, resetCode } from "./peer.ts";

const PROBE = "/probe.v1.ProbeService";
const LIMITS = { maxConcurrentCalls: 4, maxConcurrentStreams: 4, connectionWindowBytes: 65_535 };
const OTHERS = { ":method": "POST", ":scheme": "http", ":authority": "localhost" };

/** So many messages that a request stream is paused, and its rest held back. */
const MANY = Buffer.concat(Array(500).fill(message(new Uint8Array(3))));

type Request = { readonly head: Readonly<Record<string, string>>; readonly body: Buffer };

const UNREAD: Readonly<Record<string, Request>> = {
  "a gRPC stream whose handler fails at once": {
    // The first message asks for an error, by its text.
    head: grpcFields(`${PROBE}/ClientStream`),
    body: Buffer.concat([message(Buffer.from("\x0a\x07\x12\x05error", "latin1")), MANY]),
  },
  "a gRPC method that is not there": { head: grpcFields(`${PROBE}/None`), body: MANY },
  "a path that is not there": { head: { ...OTHERS, ":path": "/none" }, body: Buffer.alloc(10_000) },
  "a method of HTTP that is not there": { head: { ...OTHERS, ":method": "PURGE", ":path": "/" }, body: MANY },
  "a Connect call of another type": {
    head: { ...OTHERS, ":path": `${PROBE}/Unary`, "content-type": "text/plain" },
    body: MANY,
  },
  "a Connect call with another codec": {
    head: { ...OTHERS, ":path": `${PROBE}/Unary`, "content-type": "application/json", "content-encoding": "br" },
    body: MANY,
  },
};

describe("an early answer", () => {
  for (const isWhole of [true, false]) {
    it(`to a request that is ${isWhole ? "whole" : "cut off"} leaves nothing behind`, async () => {
      await Promise.all(Object.entries(UNREAD).map(([name, request]) => answeredEarly(name, request, isWhole)));
    });
  }

  it("to a stream that waits for the client's window leaves nothing behind", async () => {
    const server = await startProbeServer({ limits: LIMITS });
    try {
      using peer = await Peer.connect(server.port, [[4, 0]]);
      for (let id = 1; id < 80; id += 2) {
        const first = message(Buffer.from("\x0a\x05\x08\x03\x12\x01x", "latin1"));
        peer.send(
          headers(id, grpcFields(`${PROBE}/BidiStream`)),
          data(id, Buffer.concat([first, MANY]), FLAG.endStream),
        );
        await peer.find((f) => f.streamId === id);
        peer.send(windowUpdate(id, 1 << 20), windowUpdate(0, 1 << 20));
        assert.equal(resetCode(await peer.end(id)), undefined);
      }
    } finally {
      await server.close();
    }
  });
});

describe("streams that nobody reads", () => {
  it("hold up no other calls of their connection", async () => {
    const server = await startProbeServer({ limits: { connectionWindowBytes: 65_535 } });
    try {
      using peer = await Peer.connect(server.port, [[4, 0]]);
      // Their answers are not taken, so their handlers wait.
      const some = Buffer.concat(Array(400).fill(message(Buffer.from("\x0a\x02\x08\x01"))));
      let sent = 0;
      for (let id = 1; id < 40; id += 2) {
        await peer.when(() => (65_535 + peer.opened(0) - sent >= 8 * some.length ? true : undefined));
        peer.send(headers(id, grpcFields(`${PROBE}/BidiStream`)), ...Array(8).fill(data(id, some)));
        sent += 8 * some.length;
      }
      peer.send(headers(41, grpcFields(`${PROBE}/Unary`)), windowUpdate(41, 1 << 20));
      const large = message(Buffer.concat([Buffer.from([0x0a, 0xb4, 0x4e, 0x1a, 0xb1, 0x4e]), Buffer.alloc(10_033)]));
      peer.send(data(41, large, FLAG.endStream));
      assert.equal((await peer.end(41)).type, TYPE.headers);
    } finally {
      await server.close();
    }
  });
});

describe("a connection with plain requests", () => {
  it("is idle again after one that was answered early and then taken back", async () => {
    const server = await startProbeServer({ idleTimeoutMs: 100 });
    try {
      using peer = await Peer.connect(server.port);
      peer.send(headers(1, { ...OTHERS, ":path": "/none" }));
      await peer.end(1);
      peer.send(reset(1));
      await peer.over();
      await eventually(() => assert.deepEqual(server.errors, []));
    } finally {
      await server.close();
    }
  });

  it("is not ended for resets of requests that were answered", async () => {
    const server = await startProbeServer({ limits: { resetBurst: 10, resetsPerSecond: 0 } });
    try {
      using peer = await Peer.connect(server.port);
      for (let id = 1; id < 200; id += 2) {
        peer.send(headers(id, { ...OTHERS, ":path": "/none" }));
        await peer.end(id);
        peer.send(reset(id));
      }
      await peer.sync();
    } finally {
      await server.close();
    }
  });
});

/** More requests than there is room for at a time. Then the connection is found idle. */
async function answeredEarly(name: string, { head, body }: Request, isWhole: boolean): Promise<void> {
  const server = await startProbeServer({ limits: LIMITS, idleTimeoutMs: 300 });
  try {
    using peer = await Peer.connect(server.port);
    for (let id = 1; id < 80; id += 2) {
      peer.send(headers(id, head), data(id, body, isWhole ? FLAG.endStream : 0));
      const end = await peer.end(id);
      assert.equal(resetCode(end), undefined, `${name}: stream ${id} was reset: ${resetCode(end)}`);
      if (!isWhole) peer.send(reset(id));
    }
    await peer.sync();
    assert.equal(await peer.goaway(), ErrorCode.NO_ERROR, name);
    await peer.over();
    assert.deepEqual(server.errors, []);
  } finally {
    await server.close();
  }
}
