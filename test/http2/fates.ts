// What may become of data that a client sends.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { data, FLAG, headers, reset } from "../support/h2-frames.ts";
import { type Peer, padded, request, resetCode } from "./peer.ts";
import { answer, listening, type OnStream } from "./served.ts";

export const WINDOW = 65_535;
export const PIECE = Buffer.alloc(10_000, "x");

/** A client that keeps to the window of the connection. */
export class Sender {
  readonly peer: Peer;
  streamId = -1;
  sent = 0;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  /** Sends DATA whose payload has so many bytes, once there is room. */
  async data(frame: Buffer): Promise<void> {
    const bytes = frame.length - 9;
    if (this.room < bytes) await this.peer.sync();
    assert.ok(this.room >= bytes, `room for ${this.room} bytes after ${this.sent}`);
    this.sent += bytes;
    this.peer.send(frame);
  }

  get room(): number {
    return WINDOW + this.peer.opened(0) - this.sent;
  }
}

/** Each sends one piece or two, on a stream of its own. */
export const FATES: readonly { name: string; server: OnStream; client: (to: Sender, id: number) => Promise<void> }[] = [
  {
    name: "is read",
    server: echoless,
    async client(to, id) {
      to.peer.send(request(id));
      await to.data(data(id, PIECE, FLAG.endStream));
    },
  },
  {
    name: "is padding",
    server: echoless,
    async client(to, id) {
      to.peer.send(request(id));
      for (let i = 0; i < 20; i++) await to.data(padded(id, Buffer.alloc(i % 2), 255));
      await to.data(padded(id, Buffer.alloc(0), 0, FLAG.endStream));
    },
  },
  {
    name: "is padding of a paused stream that is reset",
    server: (stream) => stream.pause(),
    async client(to, id) {
      to.peer.send(request(id));
      for (let i = 0; i < 20; i++) await to.data(padded(id, Buffer.alloc(i % 2), 255));
      to.peer.send(reset(id));
    },
  },
  {
    name: "comes after the end of the stream",
    server(stream) {
      stream.listener = listening({});
    },
    async client(to, id) {
      to.peer.send(request(id, FLAG.endStream));
      await to.data(data(id, PIECE));
      assert.equal(resetCode(await to.peer.end(id)), ErrorCode.STREAM_CLOSED);
    },
  },
  {
    name: "comes after the end of a stream that is paused",
    server: (stream) => stream.pause(),
    async client(to, id) {
      to.peer.send(request(id));
      await to.data(data(id, PIECE, FLAG.endStream));
      await to.data(data(id, PIECE));
      assert.equal(resetCode(await to.peer.end(id)), ErrorCode.STREAM_CLOSED);
    },
  },
  {
    name: "is more than content-length says",
    server: echoless,
    async client(to, id) {
      to.peer.send(request(id, 0, { "content-length": "10001" }));
      await to.data(data(id, PIECE));
      await to.data(data(id, PIECE));
      assert.equal(resetCode(await to.peer.end(id)), ErrorCode.PROTOCOL_ERROR);
    },
  },
  {
    name: "is less than content-length says",
    server: echoless,
    async client(to, id) {
      to.peer.send(request(id, 0, { "content-length": "10001" }));
      await to.data(data(id, PIECE, FLAG.endStream));
      assert.equal(resetCode(await to.peer.end(id)), ErrorCode.PROTOCOL_ERROR);
    },
  },
  {
    name: "comes for a stream that is closed",
    server: (stream) => answer(stream),
    async client(to, id) {
      to.peer.send(request(id, FLAG.endStream));
      await to.data(data(id, PIECE));
      await to.data(padded(id, PIECE, 200));
    },
  },
  {
    name: "comes for a stream that the client has reset",
    server: (stream) => stream.pause(),
    async client(to, id) {
      to.peer.send(request(id), reset(id));
      await to.data(data(id, PIECE));
    },
  },
  {
    name: "comes for a stream that the server has reset",
    server: (stream) => stream.reset(ErrorCode.CANCEL),
    async client(to, id) {
      to.peer.send(request(id));
      await to.data(data(id, PIECE));
      await to.data(data(id, PIECE, FLAG.endStream));
    },
  },
  {
    name: "is malformed",
    server: () => assert.fail("such a stream is not seen"),
    async client(to, id) {
      to.peer.send(headers(id, { ":method": "POST" }));
      await to.data(data(id, PIECE, FLAG.endStream));
      assert.equal(resetCode(await to.peer.end(id)), ErrorCode.PROTOCOL_ERROR);
    },
  },
  {
    name: "is held when the client resets the stream",
    server: (stream) => stream.pause(),
    async client(to, id) {
      to.peer.send(request(id));
      await to.data(data(id, PIECE));
      await to.data(padded(id, PIECE, 9));
      to.peer.send(reset(id));
    },
  },
  {
    name: "is held when the server resets the stream",
    server(stream) {
      stream.pause();
      stream.listener = listening({});
      setImmediate(() => stream.reset(ErrorCode.CANCEL));
    },
    async client(to, id) {
      to.peer.send(request(id));
      await to.data(data(id, PIECE));
      await to.peer.end(id);
    },
  },
  {
    name: "is given to a listener that resets the stream",
    server(stream) {
      stream.listener = listening({ onData: () => stream.reset(ErrorCode.CANCEL) });
    },
    async client(to, id) {
      to.peer.send(request(id));
      await to.data(padded(id, PIECE, 9));
      await to.peer.end(id);
    },
  },
  {
    name: "was held and is given to a listener that resets the stream",
    server(stream) {
      stream.pause();
      stream.listener = listening({ onData: () => stream.reset(ErrorCode.CANCEL) });
      setImmediate(() => stream.resume());
    },
    async client(to, id) {
      to.peer.send(request(id));
      await to.data(data(id, PIECE));
      await to.data(data(id, PIECE, FLAG.endStream));
      await to.peer.end(id);
    },
  },
  {
    name: "is given to a listener that pauses the stream, again and again",
    server(stream) {
      stream.listener = listening({
        onData() {
          stream.pause();
          setImmediate(() => stream.resume());
        },
        onEnd: () => answer(stream),
      });
    },
    async client(to, id) {
      to.peer.send(request(id));
      for (let i = 0; i < 6; i++) await to.data(data(id, PIECE.subarray(0, 3000), i === 5 ? FLAG.endStream : 0));
      await to.peer.end(id);
    },
  },
];

export function echoless(stream: Http2Stream): void {
  stream.listener = listening({ onEnd: () => answer(stream) });
}
